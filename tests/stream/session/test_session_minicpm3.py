"""Calls with the tiny MiniCPM3 and its random words; an interruption during a round of tool calls. Vision is real;
ASR and TTS are toys."""

from __future__ import annotations

from dialogue.engines.minicpm.minicpm3 import GAVE_UP
from stream.runtime.events import ContextShown, Interrupted, Notice, ReplyEnded, ReplyText, TextTyped
from tests.dialogue.minicpm.scripted_model import calling, last_words, results
from tests.stream.text_calls import EngineFactory, RuledModel, TextCall, asking, calls
from vision.seeing.look import VisionModels


def test_questions_typed_and_spoken_are_answered_and_said(tiny_llm: EngineFactory, open_vision: VisionModels) -> None:
    async def story(call: TextCall) -> None:
        await call.asks("Who are you?")
        await call.speaks(1.0)
        await call.lasts(8.0)

    [result] = calls(tiny_llm, open_vision, story)
    assert not result.of(Notice)
    assert [event.cut for event in result.of(ReplyEnded)] == [False, False]
    assert "".join(event.text for event in result.of(ReplyText)) == "".join(
        event.said for event in result.of(ReplyEnded)
    )
    assert result.heard_s() > 0
    kinds = result.of(ContextShown)[-1].use.tokens
    assert kinds["system"] > 1000 and kinds["scene"] > 20 and kinds["text"] > 20


def test_two_calls_at_once_do_not_mix(tiny_llm: EngineFactory, open_vision: VisionModels) -> None:
    """Each call is answered as it would be alone."""
    together = calls(tiny_llm, open_vision, asking("What is this?"), asking("Is it red or green?"))
    alone = calls(tiny_llm, open_vision, asking("What is this?"))
    assert "Is it red" not in together[0].remembered and "What is this" not in together[1].remembered
    assert together[0].of(ReplyEnded)[0].said == alone[0].of(ReplyEnded)[0].said != GAVE_UP


def test_an_interruption_removes_the_tool_calls_from_the_context(
    ruled_llm: RuledModel, open_vision: VisionModels
) -> None:
    def rule(context: str) -> str:
        if "time" not in last_words(context):
            return "Of course."
        return "It is late, and you should go to bed now, really." if results(context) else calling("get_time()")

    async def story(call: TextCall) -> None:
        call.session.push(TextTyped("What time is it?"))
        while not call.out or call.heard_s() < 0.6:
            await call.lasts(0.02)
        call.session.push(Interrupted())
        await call.asks("Never mind.")

    [result] = calls(ruled_llm(rule), open_vision, story)
    first = result.of(ReplyEnded)[0]
    assert first.cut and 0 < len(first.heard) < len(first.said)
    assert "<|im_start|>tool" not in result.remembered
    assert f"<|im_start|>assistant\n{first.heard}<|im_end|>" in result.remembered
