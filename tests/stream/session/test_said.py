"""A new session continues what was said in one that was lost. Also tests `session_start.py`."""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, TextBlock
from stream.models.setup import SETUPS
from stream.session.said import Said, said_blocks
from stream.session.session import Session
from stream.session.session_start import SessionStart
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time


def test_turns_alternate_and_the_user_begins() -> None:
    said = [
        Said(False, "Hello."),
        Said(True, "My cat"),
        Said(True, "is Momo."),
        Said(False, "Nice."),
        Said(True, "Yes."),
    ]
    assert list(said_blocks(said)) == [
        TextBlock("My cat\nis Momo.", 0.0, 0.0, typed=True),
        ReplyBlock("Nice.", 0.0, 0.0),
        TextBlock("Yes.", 0.0, 0.0, typed=True),
    ]
    assert list(said_blocks([])) == []


def test_a_restored_session_knows_what_was_said_before_its_first_question() -> None:
    engine = ToyEngine(["I see a red cup."])

    async def story() -> None:
        parts = toy_parts(lambda: engine)
        said = [Said(True, "My cat is called Momo."), Said(False, "A nice name.")]
        call = SessionCall(Session("test", parts, SETUPS["laptop"], SessionStart(said=said)))
        async with call.running():
            await call.lasts(0.5)
            await call.speaks(1.0)
            await call.lasts(4.0)
        parts.close()

    run_in_virtual_time(story(), until=600)
    assert engine.conversation[:2] == ["My cat is called Momo.", "A nice name."]
    assert engine.conversation[2:] == ["What do you see?", "I see a red cup. "]
