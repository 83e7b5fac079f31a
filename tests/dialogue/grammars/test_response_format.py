"""Response formats: OpenAI's shapes are read, others refused; an answer fits its schema or the reason is said."""

from __future__ import annotations

from typing import Any

import pytest

from dialogue.errors import BadInput
from dialogue.grammars.response_format import MOST_CHARACTERS, ResponseFormat

SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
WITH_SCHEMA = {"type": "json_schema", "json_schema": {"name": "receipt", "schema": SCHEMA}}


def made(given: dict[str, Any]) -> ResponseFormat:
    found = ResponseFormat.of(given)
    assert found is not None
    return found


def test_the_shapes_of_chat_apis_are_read_and_written() -> None:
    assert ResponseFormat.of({"type": "text"}) is None
    assert made({"type": "json_object"}).as_json() == {"type": "json_object"}
    assert made(WITH_SCHEMA).as_json()["json_schema"]["schema"] == SCHEMA
    assert '"total"' in made(WITH_SCHEMA).instruction


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "A response format is"),
        ({"type": "xml"}, "A response format is"),
        ({"type": "json_schema"}, "A response format is"),
        ({"type": "json_schema", "json_schema": {"schema": [1]}}, "A response format is"),
        ({"type": "json_schema", "json_schema": {"schema": {"type": "nonsense"}}}, "not a JSON schema"),
        ({"type": "json_schema", "json_schema": {"schema": {"enum": [object()]}}}, "not JSON"),
        (
            {"type": "json_schema", "json_schema": {"schema": {"const": "x" * MOST_CHARACTERS}}},
            "at most 6,000 can be used",
        ),
        ({"type": "json_schema", "json_schema": {"schema": {"$ref": "http://127.0.0.1:1/x"}}}, "cannot be used"),
    ],
)
def test_another_form_is_refused_with_the_reason(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        ResponseFormat.of(given)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ('{"total": 1', "did not complete its JSON"),
        ('{"total": "much"}', "does not fit the schema: 'much' is not of type 'number'"),
        ("{}", "does not fit the schema: 'total' is a required property"),
    ],
)
def test_an_answer_out_of_form_is_refused_with_the_reason(answer: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        made(WITH_SCHEMA).check(answer)


def test_an_answer_in_form_is_accepted() -> None:
    made(WITH_SCHEMA).check('{"total": 12.5}')
    made({"type": "json_object"}).check("{}")
    with pytest.raises(BadInput, match="not an object"):
        made({"type": "json_object"}).check("[]")
