"""From the type hints and the docstring of a Python function to JSON schemas of its arguments, and from the JSON of a
model back to what the function was written for: members of an Enum, dataclasses, dates. Runs nothing.

Plain hints become the plainest schema, which is what the model reads; all others are pydantic's.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import wraps
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from dialogue.errors import BadInput

Schema = Mapping[str, Any]
_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_SECTION = re.compile(r"(Args|Arguments|Parameters):\s*")
_ENTRY = re.compile(r"(\s+)\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)")
_MEANINGLESS = ("title", "$defs")


def schema_of_arguments(function: Callable[..., Any], told: Mapping[str, str]) -> dict[str, Any]:
    """JSON schema of an object with the arguments of `function`; `told` describes some of them. Raises BadInput for
    hints that JSON has no word for."""
    hints, properties, required = _hints(function), dict[str, Any](), []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise BadInput(f"{function.__name__} takes any number of arguments; name each of them.")
        words = {"description": told[name]} if name in told else {}
        properties[name] = {**words, **_schema(hints.get(name, str), f"{function.__name__}({name})")}
        if parameter.default is parameter.empty:
            required.append(name)
        else:
            default = parameter.default
            properties[name]["default"] = default.value if isinstance(default, Enum) else default
    return {"type": "object", "properties": properties, "required": required}


def taking_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which is then given JSON values by name. Raises BadInput for a value that it cannot be given."""
    from pydantic import TypeAdapter, ValidationError

    hints = _hints(function)
    adapters = {name: TypeAdapter[Any](hints.get(name, str)) for name in inspect.signature(function).parameters}

    @wraps(function)
    def run(**given: Any) -> Any:
        taken = {}
        for name, value in given.items():
            try:
                taken[name] = adapters[name].validate_python(value)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, (name, *first["loc"])))
                raise BadInput(f"{where}: {first['msg']}") from error
        return function(**taken)

    return run


def split_docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """What the function does, and what its arguments are, as far as a section "Args:" tells."""
    kept, told, inside, last, indent = [], dict[str, str](), False, "", ""
    for line in (inspect.getdoc(function) or "").splitlines():
        if _SECTION.fullmatch(line):
            inside = True
        elif inside and (not line.strip() or line[0].isspace()):
            entry = _ENTRY.fullmatch(line)
            if entry and (not last or entry[1] == indent):
                indent, last = entry[1], entry[2]
                told[last] = entry[3].strip()
            elif last and line.strip():
                told[last] = f"{told[last]} {line.strip()}".strip()
        else:
            inside = False
            kept.append(line)
    return "\n".join(kept).strip(), told


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Raises BadInput for words in them that mean nothing here."""
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise BadInput(f"the type hints of {function.__name__} cannot be read: {error}") from error


def _schema(hint: Any, where: str) -> dict[str, Any]:
    """JSON schema of a type hint."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        words = [extra for extra in inside[1:] if isinstance(extra, str)]
        return {**_schema(inside[0], where), **({"description": words[0]} if words else {})}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if origin is Literal:
        return _listed(inside)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _listed([member.value for member in hint])
    if origin in (Union, types.UnionType):
        kept = [part for part in inside if part is not type(None)]
        if len(kept) == 1:
            return _schema(kept[0], where)
        if all(part in _SCALARS for part in kept):
            return {"type": [_SCALARS[part] for part in kept]}
    if hint is list or origin is list:
        return {"type": "array", "items": _schema(inside[0], where) if inside else {}}
    if hint is dict:
        return {"type": "object"}
    return _by_pydantic(hint, where)


def _listed(values: Any) -> dict[str, Any]:
    kinds = list(dict.fromkeys(_SCALARS.get(type(value), "string") for value in values))
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": list(values)}


def _by_pydantic(hint: Any, where: str) -> dict[str, Any]:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        schema = TypeAdapter(hint).json_schema()
        return dict(_inlined(schema, schema.get("$defs", {}), ()))
    except (PydanticUserError, RecursionError, TypeError) as error:
        raise BadInput(
            f"{where} has the type {hint!r}, which cannot be told to a model; use plain types, lists, Literal, Enum or "
            "dataclasses."
        ) from error


def _inlined(schema: Any, named: Mapping[str, Any], above: tuple[str, ...]) -> Any:
    """The schema with what it refers to in its place. Raises RecursionError for one that holds itself."""
    if isinstance(schema, list):
        return [_inlined(each, named, above) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in above:
            raise RecursionError(name)
        return {**_inlined(named[name], named, (*above, name)), **{k: v for k, v in schema.items() if k != "$ref"}}
    fields = {
        key: {name: _inlined(each, named, above) for name, each in value.items()}
        if key == "properties"
        else _inlined(value, named, above)
        for key, value in schema.items()
        if key not in _MEANINGLESS
    }
    kept = [each for each in fields.get("anyOf", ()) if each != {"type": "null"}]
    if len(kept) == 1 and len(kept) < len(fields["anyOf"]):  # of a field that may be None
        return {**kept[0], **{key: value for key, value in fields.items() if key != "anyOf"}}
    return fields
