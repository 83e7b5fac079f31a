"""Function calling: stubs of tools, parsed replies, calls that are run (`dialogue/tools/running_calls.py`)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from dialogue.errors import BadInput
from dialogue.minicpm.text.function_calls import CALLS, ParsedReply, read, system_text
from dialogue.tools.tool import Tool
from tests.dialogue.tools.called import result_of


class TemperatureUnit(Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


def weather(
    city: Annotated[str, 'Where, for example "Oslo"'], days: int = 1, unit: TemperatureUnit = TemperatureUnit.CELSIUS
) -> dict[str, Any]:
    """How the weather will be."""
    return {"city": city, "days": days, "unit": unit}


def mail(to: list[str], text: str, urgent: bool | None = None, **_rest: Any) -> str:
    return "sent"


def send(to: list[str], text: str, urgent: bool | None = None) -> str:
    """Send a message."""
    return f"{text} to {len(to)}, {urgent}"


TOOLS = [Tool.of(weather), Tool.of(send)]


def block(*lines: str) -> str:
    return "\n".join([CALLS[0], "```python", *lines, "```", CALLS[1]])


def results(answer: str) -> list[Any]:
    return [result_of(call, TOOLS) for call in read(answer, TOOLS).calls]


def test_a_function_becomes_a_stub_that_python_parses() -> None:
    stub = Tool.of(weather).stub()
    assert stub == (
        '\n\nclass Unit(Enum):\n    enum_0 = "c"\n    enum_1 = "f"\n'
        '\n\ndef weather(city, days=1, unit="c"):\n    """How the weather will be.\n\n    Args:\n'
        '        city: str = Field(..., description="Where, for example \\"Oslo\\"")\n'
        "        days: Optional[int] = 1\n"
        '        unit: Optional[Unit] = "c"\n    """\n'
    )
    ast.parse(stub)


def test_a_schema_with_nested_objects_becomes_classes() -> None:
    place = {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]}
    schema = {
        "type": "function",
        "function": {
            "name": "deliver",
            "description": "Bring it.",
            "parameters": {
                "type": "object",
                "properties": {"places": {"type": "array", "items": place}, "speed": {"enum": ["slow", "fast"]}},
                "required": ["places"],
            },
        },
    }
    stub = Tool.described(schema, lambda **_: None).stub()
    assert "class Places(BaseModel):\n    street: str\n" in stub
    assert "places: List[Places]\n" in stub and "speed: Optional[Speed] = None\n" in stub
    ast.parse(stub)


@pytest.mark.parametrize("function", [mail, lambda x, *more: x])
def test_a_function_without_a_schema_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(BadInput):
        Tool.of(function)


def test_literals_and_optionals() -> None:
    def paint(colour: Literal["red", "green"], layers: int | None = None) -> None: ...

    properties = Tool.of(paint).properties
    assert properties["colour"] == {"type": "string", "enum": ["red", "green"]}
    assert properties["layers"] == {"type": "integer", "default": None}


def test_the_system_turn_lists_tools_and_rules() -> None:
    text = system_text("You are kind.", TOOLS)
    assert text.startswith("You are kind.\n# Functions\nHere is a list of functions that you can invoke:\n```python\n")
    assert text.index("def weather(") < text.index("def send(") < text.index("# Function Call Rule and Output Format")
    assert system_text("You are kind.", []) == "You are kind."


def test_a_reply_is_parsed_into_thought_calls_and_text() -> None:
    reply = read(
        "<|thought_start|>\nI need the weather.\n<|thought_end|>\n" + block('weather(city="Oslo", days=2)') + "\nWait.",
        TOOLS,
    )
    assert reply.thought == "I need the weather." and reply.text == "Wait."
    assert [(call.name, dict(call.arguments)) for call in reply.calls] == [("weather", {"city": "Oslo", "days": 2})]
    assert read("Just words.", TOOLS) == ParsedReply("", [], "Just words.")


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ('send(to=["a", "b"], text="it\'s, (fine)", urgent=true)', "it's, (fine) to 2, True"),
        ('send(["a"], "hi")', "hi to 1, None"),
        ('send(to=("a",), text="hi", urgent=None)', "hi to 1, None"),
        ('send(to=[], text="two\nlines")', "two\nlines to 0, None"),
        ("weather(city='Oslo', unit=Unit.enum_1)", {"city": "Oslo", "days": 1, "unit": "f"}),
        ("found = weather(city='Oslo', days=2.0)", {"city": "Oslo", "days": 2, "unit": "c"}),
        ("await weather('Oslo', None, None)", {"city": "Oslo", "days": 1, "unit": "c"}),
        ("weather(city='Oslo', days=-3)", {"city": "Oslo", "days": -3, "unit": "c"}),
    ],
)
def test_calls_run_with_their_arguments(line: str, want: Any) -> None:
    assert results(block(line)) == [want]


def test_calls_may_be_in_a_list() -> None:
    assert results(block('[send([], "a"), send([], "b")]')) == ["a to 0, None", "b to 0, None"]


def test_arguments_may_have_names_of_python_keywords() -> None:
    schema = {"name": "trip", "parameters": {"properties": {"from": {"type": "string"}, "class": {"type": "integer"}}}}
    tool = Tool.described(schema, lambda **given: given)
    (call,) = read(block('trip(from="A=from=B", class=2)'), [tool]).calls
    assert result_of(call, [tool]) == {"from": "A=from=B", "class": 2}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fly(to='Oslo')", "no function fly"),
        ("weather(days=2)", "city is missing"),
        ("weather(city='Oslo', wind=1)", "no argument wind"),
        ("weather(city=5)", "city must be of type string"),
        ("weather(city='Oslo', days=True)", "days must be of type integer"),
        ("weather(city='Oslo', unit='k')", "unit must be one of ['c', 'f']"),
        ("weather(city=open('/etc/passwd').read())", "cannot be read"),
        ("weather(city='a' + 'b')", "cannot be read"),
        ("import os", "not a function call"),
        ("weather('Oslo', 1, 'c', 4)", "takes 3 arguments, not 4"),
        ("weather('Oslo', city='Rome')", "was given city twice"),
        ("weather(**{'city': 'Oslo'})", "given by name"),
        ("send(to=['a', 1], text='x')", "to[1] must be of type string"),
        ("weather(city='Oslo', days=1.5)", "days must be of type integer"),
        ("weather(city='Oslo'", "not a function call"),
        ("send(to=[], text='x').strip()", "no function send(to=[], text='x').strip"),
    ],
)
def test_a_call_that_cannot_run_is_reported_to_the_model(line: str, says: str) -> None:
    (result,) = results(block(line))
    assert says in result["error"]


def test_a_bad_call_does_not_affect_the_others() -> None:
    first, bad, last = results(block("weather(city='A')", "weather(city=", "weather(city='B')"))
    assert (first["city"], last["city"]) == ("A", "B") and "error" in bad


def test_an_exception_of_a_tool_is_reported_to_the_model() -> None:
    def open_door(number: int) -> None:
        """Open a door."""
        raise LookupError(f"there is no door {number}")

    tool = Tool.of(open_door)
    (call,) = read(block("open_door(number=7)"), [tool]).calls
    assert result_of(call, [tool]) == {"error": "LookupError: there is no door 7"}
