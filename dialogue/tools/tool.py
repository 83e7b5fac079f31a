"""Describes functions that a model may call: made from Python functions or JSON schemas, shown to a model as JSON, or
as stubs of Python (MiniCPM3).

A tool's arguments are always described by JSON schema. Runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dialogue.errors import BadInput
from dialogue.tools.tool_arguments import Schema, schema_of_arguments, split_docstring, taking_json

_NAMES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


@dataclass(frozen=True, slots=True)
class Illustrated:
    """What a tool may return: a result for the model, and pictures (JPEG) for the user."""

    result: Any
    pictures: tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class Tool:
    """`parameters` is a JSON schema of an object; `run` takes its properties by name. `asks`: the user is asked before
    each call, because it changes something in the world."""

    name: str
    description: str
    parameters: Schema
    run: Callable[..., Any]
    asks: bool = False

    @classmethod
    def of(cls, function: Callable[..., Any], *, asks: bool = False) -> Tool:
        """Makes a tool of a function with type hints. Its docstring is the description; `Annotated[str, "what it is"]`
        or a section "Args:" describes an argument. Literal and Enum list its values, dataclasses and pydantic models
        nest, and the function receives the hinted types. Raises BadInput for hints without a JSON schema."""
        if isinstance(function, Mapping):
            raise BadInput("A JSON schema alone cannot be run: pass Tool.described(schema, run) or a function.")
        if not callable(function) or not getattr(function, "__name__", "").isidentifier():
            raise BadInput(f"{function!r} is not a named function: write one with type hints and a docstring.")
        description, arguments = split_docstring(function)
        return cls(
            function.__name__, description, schema_of_arguments(function, arguments), taking_json(function), asks
        )

    @classmethod
    def described(cls, schema: Schema, run: Callable[..., Any], *, asks: bool = False) -> Tool:
        """Makes a tool of a chat API's description: `{"name", "description", "parameters"}`, or that as "function".
        Raises BadInput for an invalid description, or if `run` is not callable."""
        inner = schema.get("function", schema) if isinstance(schema, Mapping) else None
        if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str) or not inner["name"].isidentifier():
            raise BadInput("A tool's description must be a dictionary with a name that is a valid function name.")
        name, parameters = inner["name"], inner.get("parameters") or {}
        if not isinstance(parameters, Mapping) or not isinstance(parameters.get("properties", {}), Mapping):
            raise BadInput(f"The parameters of {name} must be the JSON schema of an object with properties.")
        if not callable(run):
            raise BadInput(f"{name} needs a function to run, and {run!r} is not callable.")
        return cls(name, str(inner.get("description") or ""), parameters, run, asks)

    @property
    def properties(self) -> Mapping[str, Schema]:
        found: Mapping[str, Schema] = self.parameters.get("properties", {})
        return found

    @property
    def required(self) -> list[str]:
        return list(self.parameters.get("required", []))

    def as_schema(self) -> dict[str, Any]:
        """The description in the form of chat APIs, which chat templates take too."""
        parameters = {"type": "object", "properties": {}, **self.parameters}
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    def stub(self) -> str:
        """Python that shows how to call the tool: classes for listed values and nested objects, then the function."""
        classes: list[str] = []
        fields = [_field(name, spec, name in self.required, classes) for name, spec in self.properties.items()]
        arguments = [
            name if name in self.required else f"{name}={_literal(spec.get('default'))}"
            for name, spec in self.properties.items()
        ]
        description = self.description.replace('"""', "'''")
        lines = [*classes, f"\n\ndef {self.name}({', '.join(arguments)}):\n", f'    """{description}\n']
        if fields:
            lines += ["\n    Args:\n", *(f"        {field}\n" for field in fields)]
        return "".join([*lines, '    """\n'])


def _field(name: str, spec: Schema, required: bool, classes: list[str]) -> str:
    """`name: type = default` as pydantic writes it; adds the classes that the type needs to `classes`."""
    _add_classes(name, spec, classes)
    kind = _type_name(name, spec)
    start = "..." if required else _literal(spec.get("default"))
    notes = [
        f"{word}={json.dumps(spec[key], ensure_ascii=False)}"
        for key, word in (("description", "description"), ("pattern", "regex"), ("title", "title"))
        if spec.get(key)
    ]
    declared = f"{name}: {kind if required else f'Optional[{kind}]'}"
    if notes:
        return f"{declared} = Field({', '.join([start, *notes])})"
    return declared if required else f"{declared} = {start}"


def _add_classes(name: str, spec: Schema, classes: list[str]) -> None:
    if "enum" in spec:
        values = "".join(f"    enum_{place} = {json.dumps(value)}\n" for place, value in enumerate(spec["enum"]))
        classes.append(f"\n\nclass {name.title()}(Enum):\n{values}")
        return
    inner = spec.get("items", {}) if spec.get("type") == "array" else spec
    if inner.get("properties"):
        needed = inner.get("required", [])
        fields = [_field(key, value, key in needed, classes) for key, value in inner["properties"].items()]
        body = "".join(f"    {field}\n" for field in fields)
        classes.append(f"\n\nclass {name.title()}(BaseModel):\n{body}")


def _type_name(name: str, spec: Schema) -> str:
    kind = spec.get("type")
    if "enum" in spec:
        return name.title()
    if isinstance(kind, list):
        return f"Union[{', '.join(_type_name(name, {**spec, 'type': one}) for one in kind)}]"
    if kind == "array":
        return f"List[{_type_name(name, spec.get('items') or {})}]"
    if kind == "object":
        values = spec.get("additionalProperties")
        inner = _type_name(name, values) if isinstance(values, Mapping) else "Any"
        return name.title() if spec.get("properties") else f"Dict[str, {inner}]"
    return _NAMES.get(str(kind), "Any")


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
