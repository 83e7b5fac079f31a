"""A chat request with a long text is answered from the text; where no model reads texts it is refused.

Also tests `request_message.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from dialogue.library.models import Embed
from stream.models.setup import SETUPS
from stream.requests.chat_requests import LONGEST_TEXT, ChatRequests
from stream.requests.request_message import RequestMessage
from tests.stream.long_text.test_excerpts import chronicle, spelled
from tests.stream.long_text.test_map_reduce import RuledEngine, careful
from tests.stream.toy_parts import toy_parts


class Chronicler(RuledEngine):
    can = Capabilities(hears=False, sees=False, speaks=False)


@pytest.mark.parametrize(
    ("embed", "answer"),
    [(spelled, "Vardo"), (None, "A message of more than 4,000 characters needs a model")],
)
def test_a_question_after_a_long_text_is_answered_from_it(embed: Embed | None, answer: str) -> None:
    text = "\n\n".join(section.text for section in chronicle())
    message = RequestMessage("user", [f"{text}\n\nIn which town is the person to whom the silver compass was given?"])

    async def asked() -> str:
        parts = replace(toy_parts(lambda: Chronicler(careful)), embed=embed)
        try:
            return "".join([piece async for piece in ChatRequests(parts, SETUPS["remote"]).answer([message])])
        except BadInput as refused:
            return str(refused)
        finally:
            parts.close()

    assert len(text) > 2 * LONGEST_TEXT
    assert asyncio.run(asked()).startswith(answer)
