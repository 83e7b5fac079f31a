"""The form of a structured answer: any JSON object, or JSON that is valid against a schema. OpenAI's `response_format`.

An answer is held to its form while it is generated, and checked when it is complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import validator_for

from dialogue.errors import BadInput
from dialogue.grammars.constraint import json_grammar

MOST_CHARACTERS = 6_000  # of a schema: a model reads it
_SHAPE = '{"type": "json_object"}, or {"type": "json_schema", "json_schema": {"name": ..., "schema": {...}}}'


@dataclass(frozen=True, eq=False)
class ResponseFormat:
    """`schema` None: any JSON object. `grammar` is that of the answer."""

    schema: Mapping[str, Any] | None
    grammar: str

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> ResponseFormat | None:
        """From a chat API's form; None for plain text. Raises BadInput for another form, and an unusable schema."""
        match given:
            case {"type": "text"}:
                return None
            case {"type": "json_object"}:
                return cls(None, json_grammar({"type": "object"}))
            case {"type": "json_schema", "json_schema": {"schema": Mapping() as schema}}:
                return cls.with_schema(schema)
        raise BadInput(f"A response format is {_SHAPE}.")

    @classmethod
    def with_schema(cls, schema: Mapping[str, Any]) -> ResponseFormat:
        """For answers that are valid against a JSON schema. Raises BadInput for an unusable one."""
        try:
            written = json.dumps(schema)
            validator_for(schema).check_schema(schema)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadInput(f"The schema is not JSON: {error}.") from error
        except SchemaError as error:
            raise BadInput(f"This is not a JSON schema: {error.message[:300]}.") from error
        if len(written) > MOST_CHARACTERS:
            raise BadInput(f"The schema has {len(written):,} characters; at most {MOST_CHARACTERS:,} can be used.")
        return cls(schema, json_grammar(schema))

    @property
    def instruction(self) -> str:
        """The form in words, for the model to read after the question."""
        if self.schema is None:
            return "Answer with one JSON object and nothing else."
        return (
            f"Answer with JSON that fits this schema, and nothing else: {json.dumps(self.schema, ensure_ascii=False)}"
        )

    def as_json(self) -> dict[str, Any]:
        """In the form of chat APIs."""
        if self.schema is None:
            return {"type": "json_object"}
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(self.schema), "strict": True}}

    def check(self, answer: str) -> None:
        """Raises BadInput for an answer that is not of this form."""
        try:
            value = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise BadInput(
                "The model did not complete its JSON; ask for less, or allow more with max_new_tokens (--max-tokens)."
            ) from error
        if self.schema is None:
            if not isinstance(value, dict):
                raise BadInput("The model answered with JSON that is not an object; ask again.")
            return
        wrong = best_match(validator_for(self.schema)(self.schema).iter_errors(value))
        if isinstance(wrong, ValidationError):
            raise BadInput(f"The model's answer does not fit the schema: {wrong.message[:300]}.")


@runtime_checkable
class TakesResponseFormat(Protocol):
    """An engine whose answers can be structured."""

    def answer_in(self, response_format: ResponseFormat) -> None:
        """Must be called before the first block."""
        ...
