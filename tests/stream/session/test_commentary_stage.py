"""What an application adds to a call in virtual time: words to be said, new instructions, and when to answer.

Also tests `announcing.py` and `floor.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dialogue.blocks import SystemBlock
from dialogue.engine import Capabilities
from stream.models.setup import SETUPS
from stream.runtime.events import Notice, ReplyEnded, ReplyText, TextTyped, UserCaption
from stream.runtime.given import AnswerAsked, CommentaryGiven, InstructionGiven, ReplyTruncated, TurnsChosen
from stream.session.session import Session
from tests.stream.calls import SessionCall
from tests.stream.toy_parts import ToyEngine, toy_parts
from tests.virtual_time import run_in_virtual_time


def call(engine: ToyEngine, story: Callable[[SessionCall], Awaitable[None]]) -> SessionCall:
    async def whole() -> SessionCall:
        parts = toy_parts(lambda: engine)
        made = SessionCall(Session("test", parts, SETUPS["laptop"]))
        async with made.running():
            await story(made)
        parts.close()
        return made

    return run_in_virtual_time(whole(), until=600)


def test_commentary_waits_until_the_floor_is_free_and_is_part_of_the_conversation() -> None:
    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped("Hello."))
        call.session.push(CommentaryGiven("Dinner is ready."))
        call.session.push(CommentaryGiven("It is soup."))
        await call.lasts(20.0)

    engine = ToyEngine(["word " * 10])
    made = call(engine, story)
    assert [ended.said for ended in made.of(ReplyEnded)] == ["word " * 10 + " ", "Dinner is ready.", "It is soup."]
    assert not any(ended.cut for ended in made.of(ReplyEnded))
    assert [caption.text for caption in made.of(UserCaption)] == ["Hello."]
    assert engine.conversation[-2:] == ["Dinner is ready.", "It is soup."]


def test_an_instruction_in_the_middle_of_a_reply_holds_from_the_next_one() -> None:
    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped("Hello."))
        await call.lasts(1.0)
        call.session.push(InstructionGiven("Speak of cats."))
        await call.lasts(10.0)
        call.session.push(TextTyped("And now?"))
        await call.lasts(5.0)

    engine = ToyEngine(["word " * 10], pace_s=0.2)
    call(engine, story)
    [place] = [number for number, block in enumerate(engine.fed) if block == SystemBlock("Speak of cats.")]
    said = [getattr(block, "text", "") for block in engine.fed]
    assert said.index("Hello.") < place < said.index("And now?")
    assert said.count("Hello.") == 1


def test_what_is_said_waits_until_an_application_wants_it_answered() -> None:
    async def story(call: SessionCall) -> None:
        call.session.push(TurnsChosen(answers=False))
        for _ in range(2):
            await call.speaks(1.0)
            await call.lasts(3.0)
        assert [caption.text for caption in call.of(UserCaption) if caption.final] == ["What do you see?"] * 2
        assert not call.of(ReplyText) and not call.of(ReplyEnded)
        call.session.push(AnswerAsked())
        await call.lasts(3.0)

    engine = ToyEngine(["A cup."])
    made = call(engine, story)
    assert [ended.said for ended in made.of(ReplyEnded)] == ["A cup. "]
    assert engine.conversation == ["What do you see?", "What do you see?", "A cup. "]


def test_the_end_of_a_reply_that_was_not_played_is_taken_back_from_the_conversation() -> None:
    async def story(call: SessionCall) -> None:
        call.session.push(TextTyped("Count."))
        while not (ended := call.of(ReplyEnded)):
            await call.lasts(0.2)
        call.session.push(ReplyTruncated(ended[0].turn, 0.6))  # of 1 s, 0.25 s a word
        await call.lasts(0.5)
        call.session.push(TextTyped("And now?"))
        await call.lasts(3.0)
        call.session.push(ReplyTruncated(ended[0].turn, 0.6))  # too late
        await call.lasts(0.5)

    engine = ToyEngine(["one two three four"])
    call(engine, story)
    assert [text.strip() for text in engine.conversation] == ["Count.", "one", "And now?", "one two three four"]


def test_a_model_that_hears_refuses_a_late_instruction() -> None:
    async def story(call: SessionCall) -> None:
        call.session.push(InstructionGiven("Speak of cats."))
        await call.lasts(1.0)

    engine = ToyEngine(["A word."])
    engine.can = Capabilities(hears=True, sees=False, speaks=False)
    made = call(engine, story)
    assert [notice.code for notice in made.of(Notice)] == ["instruction_late"]
    assert engine.fed == []
