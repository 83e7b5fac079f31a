"""Functions that a model may call: made from Python functions or JSON schemas, shown to MiniCPM3 as Python stubs.

A tool's arguments are described by JSON schema, whatever it was made from. Runs nothing.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from dialogue.errors import BadInput

Schema = Mapping[str, Any]
_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_NAMES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


@dataclass(frozen=True, eq=False)
class Tool:
    """`parameters` is a JSON schema of an object; `run` takes its properties by name."""

    name: str
    description: str
    parameters: Schema
    run: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Tool:
        """From a function with type hints. Its docstring is the description; `Annotated[str, "what it is"]` describes
        an argument, Literal and Enum list its values. Raises BadInput for hints that JSON has no word for."""
        if isinstance(function, Mapping):
            raise BadInput("a JSON schema alone cannot be run: give Tool.described(schema, run) or a function")
        if not callable(function) or not getattr(function, "__name__", "").isidentifier():
            raise BadInput(f"{function!r} is no function with a name: write one, with type hints and a docstring")
        properties, required = {}, []
        hints = _hints(function)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise BadInput(f"{function.__name__} takes any number of arguments; name each of them.")
            properties[name] = dict(_schema(hints.get(name, str), f"{function.__name__}({name})"))
            if parameter.default is parameter.empty:
                required.append(name)
            else:
                default = parameter.default
                properties[name]["default"] = default.value if isinstance(default, Enum) else default
        parameters = {"type": "object", "properties": properties, "required": required}
        return cls(function.__name__, inspect.getdoc(function) or "", parameters, function)

    @classmethod
    def described(cls, schema: Schema, run: Callable[..., Any]) -> Tool:
        """From a description as chat APIs have it: `{"name", "description", "parameters"}`, or that as "function"."""
        inner = schema.get("function", schema)
        if "name" not in inner:
            raise BadInput("A tool's description needs a name.")
        return cls(inner["name"], inner.get("description", ""), inner.get("parameters") or {}, run)

    @property
    def properties(self) -> Mapping[str, Schema]:
        found: Mapping[str, Schema] = self.parameters.get("properties", {})
        return found

    @property
    def required(self) -> list[str]:
        return list(self.parameters.get("required", []))

    def stub(self) -> str:
        """Python that shows how to call it: classes for listed values and nested objects, then the function."""
        classes: list[str] = []
        fields = [_field(name, spec, name in self.required, classes) for name, spec in self.properties.items()]
        arguments = [
            name if name in self.required else f"{name}={_literal(spec.get('default'))}"
            for name, spec in self.properties.items()
        ]
        lines = [*classes, f"\n\ndef {self.name}({', '.join(arguments)}):\n", f'    """{self.description}\n']
        if fields:
            lines += ["\n    Args:\n", *(f"        {field}\n" for field in fields)]
        return "".join([*lines, '    """\n'])


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Those of its arguments. Raises BadInput for words in them that mean nothing here."""
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise BadInput(f"the type hints of {function.__name__} cannot be read: {error}") from error


def _schema(hint: Any, where: str) -> Schema:
    """JSON schema of a type hint."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        words = [extra for extra in inside[1:] if isinstance(extra, str)]
        return {**_schema(inside[0], where), **({"description": words[0]} if words else {})}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if origin is Literal:
        return {"type": _SCALARS[type(inside[0])], "enum": list(inside)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        values = [member.value for member in hint]
        return {"type": _SCALARS[type(values[0])], "enum": values}
    if origin in (Union, types.UnionType):
        kept = [part for part in inside if part is not type(None)]
        if len(kept) == 1:
            return _schema(kept[0], where)
    if hint is list or origin is list:
        return {"type": "array", "items": _schema(inside[0], where) if inside else {}}
    if hint is dict or origin is dict:
        return {"type": "object"}
    raise BadInput(f"{where} has the type {hint!r}, which cannot be told to a model; use plain types, lists, Literal.")


def _field(name: str, spec: Schema, required: bool, classes: list[str]) -> str:
    """`name: type = default`, in the way of pydantic; classes that the type needs are added to `classes`."""
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
