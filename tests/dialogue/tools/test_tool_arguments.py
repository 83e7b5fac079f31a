"""Python functions as tools: hints become schemas, and the JSON of a model becomes the hinted types; `tool` is tested
here too.

Also tests `function_call.py` and `tool.py`.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pytest

from dialogue.errors import BadInput
from dialogue.minicpm.text.function_calls import CALLS, read
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.tool import Tool
from tests.dialogue.tools.called import result_of


def block(*lines: str) -> str:
    return "\n".join([CALLS[0], "```python", *lines, "```", CALLS[1]])


@dataclass
class Place:
    name: str
    storeys: int = 1


def build(places: list[Place], by: date, like: Literal["a", 1] | None = None, how: dict[str, int] | None = None) -> Any:
    """Build houses.

    Args:
        places: where they stand, and
            how tall they are
        by (date): the last day

    Returns:
        All of it.
    """
    return {"places": places, "tall": sum(place.storeys for place in places), "by": by, "like": like, "how": how}


def test_a_function_receives_the_hinted_types() -> None:
    tool = Tool.of(build)
    assert tool.description == "Build houses.\n\nReturns:\n    All of it."
    assert tool.properties["places"]["description"] == "where they stand, and how tall they are"
    assert tool.properties["by"] == {"description": "the last day", "type": "string", "format": "date"}
    ast.parse(tool.stub())
    assert "class Places(BaseModel):\n    name: str\n    storeys: Optional[int] = 1\n" in tool.stub()
    (call, odd, late) = read(
        block(
            'build([{"name": "a", "storeys": 3}], by="2026-03-01", how={"x": 1})',
            'build([{"storeys": 3}], by="2026-03-01")',
            'build([], by="soon")',
        ),
        [tool],
    ).calls
    built = {"places": [{"name": "a", "storeys": 3}], "tall": 3, "by": "2026-03-01", "like": None, "how": {"x": 1}}
    assert result_of(call, [tool]) == built
    assert result_of(odd, [tool]) == {"error": "build: places[0].name is missing."}
    assert "by: Input should be a valid date" in result_of(late, [tool])["error"]


def test_a_function_that_exits_does_not_end_the_program() -> None:
    tool = Tool.described({"name": "leave"}, sys.exit)
    assert result_of(FunctionCall("leave"), [tool]) == {"error": "SystemExit: "}


def test_limits_and_choices_of_a_schema_hold() -> None:
    number, either = {"type": "integer", "minimum": 1, "maximum": 3}, {"anyOf": [{"type": "null"}, {"const": 7}]}
    tool = Tool.described({"name": "take", "parameters": {"properties": {"n": number, "e": either}}}, lambda **k: k)
    for line, want in [
        ("take(n=3, e=None)", {"n": 3, "e": None}),
        ("take(e=7)", {"e": 7}),
        ("take(n=4)", {"error": "take: n must be from 1 to 3."}),
        ("take(e=8)", {"error": 'take: e must be one of these: [{"type": "null"}, {"const": 7}].'}),
    ]:
        (call,) = read(block(line), [tool]).calls
        assert result_of(call, [tool]) == want


@pytest.mark.parametrize(
    ("schema", "function", "complaint"),
    [
        ({"name": "get weather"}, print, "a valid function name"),
        ({}, print, "a valid function name"),
        (None, print, "a valid function name"),
        ({"name": "x", "parameters": [1]}, print, "JSON schema of an object"),
        ({"name": "x"}, None, "needs a function to run"),
    ],
)
def test_an_invalid_description_is_refused(schema: Any, function: Any, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        Tool.described(schema, function)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"name": "x"}, "Tool.described"),
        (lambda x: x, "not a named function"),
        (3, "not a named function"),
        (print, "name each of them"),
    ],
)
def test_other_things_than_named_functions_are_refused(given: Any, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        Tool.of(given)


def test_a_docstring_cannot_end_its_own_stub() -> None:
    [function] = ast.parse(Tool.described({"name": "x", "description": 'say """ and more'}, print).stub()).body
    assert isinstance(function, ast.FunctionDef)
    assert (ast.get_docstring(function) or "").strip() == "say ''' and more"
