"""Structured answers of the small embedded model: valid against the schema, or refused with the reason."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from jsonschema import validate

from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm
from dialogue.errors import BadInput
from dialogue.grammars.response_format import ResponseFormat
from stream.models.setup import SETUPS
from stream.requests.chat_requests import ChatRequests, RequestOptions
from stream.requests.request_message import RequestMessage
from tests.dialogue.conftest import llm, run_here, smollm2, smollm2_path
from tests.dialogue.ruled_chat import NOON
from tests.stream.toy_parts import ToyEngine, toy_parts

__all__ = ["llm", "smollm2", "smollm2_path"]  # fixtures

SCHEMA = {
    "type": "object",
    "properties": {"capital": {"type": "string", "maxLength": 20}, "sure": {"type": "boolean"}},
    "required": ["capital", "sure"],
    "additionalProperties": False,
}


def answered(llm: LocalLlm | None, response_format: ResponseFormat) -> str:
    async def whole() -> str:
        parts = toy_parts(lambda: ToyEngine([]))
        if llm is not None:
            parts = replace(parts, new_engine=lambda: LocalChatEngine(llm, run_here, lambda: NOON))
        try:
            requests = ChatRequests(parts, SETUPS["laptop"])
            messages = [RequestMessage("user", ["What is the capital of France?"])]
            options = RequestOptions(response_format=response_format)
            return "".join([piece async for piece in requests.answer(messages, None, options)])
        finally:
            parts.close()

    return asyncio.run(whole())


def test_an_answer_is_valid_against_its_schema(llm: LocalLlm) -> None:
    validate(json.loads(answered(llm, ResponseFormat.with_schema(SCHEMA))), SCHEMA)


def test_an_answer_that_cannot_be_completed_is_refused(llm: LocalLlm) -> None:
    endless = {"type": "object", "properties": {"x": {"type": "string", "minLength": 4000}}, "required": ["x"]}
    with pytest.raises(BadInput, match="did not complete its JSON"):
        answered(llm, ResponseFormat.with_schema(endless))


def test_an_engine_without_structured_answers_says_so() -> None:
    with pytest.raises(BadInput, match="cannot be held to a schema"):
        answered(None, ResponseFormat.with_schema(SCHEMA))
