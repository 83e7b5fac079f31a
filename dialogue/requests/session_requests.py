"""Answers by rule what asks something of the session itself: timers, the memory, a larger model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from dialogue.blocks import Block, TextBlock
from dialogue.engine import Runner
from dialogue.languages.language import ENGLISH
from dialogue.memory.timeline import Entry, Timeline
from dialogue.memory.timeline_log import TimelineLog
from dialogue.requests.delegation_requests import DelegationRequest, delegation_request
from dialogue.requests.memory_talk import MemoryTalk
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.timer_talk import timer_answer
from dialogue.tools.toolbox import Delegation, Toolbox

CONTEXT_TURNS = 6  # of both sides, that go along with a question

_SAID = ("I'm looking into it.", "I'll look into that and tell you when I know.", "Let me look into that.")


class SessionRequests:
    """One per session. `redact` removes turns from what the model reads."""

    def __init__(
        self, timeline: Timeline, log: TimelineLog, run: Runner, redact: Callable[[Collection[str]], None]
    ) -> None:
        self._timeline, self._log, self._run, self._redact = timeline, log, run, redact
        self.memory_talk = MemoryTalk(log.log)
        self.toolbox = Toolbox()

    def equip(self, toolbox: Toolbox) -> None:
        """Takes the services of the session."""
        self.toolbox = toolbox

    async def answer(self, asked: Entry) -> RuleAnswer | None:
        """Does what the last words request and answers; None where they request nothing of the session."""
        if self.toolbox.reminders is not None:
            timed = timer_answer(asked.text, self.toolbox.reminders)
            if timed is not None:
                return RuleAnswer(timed)
        about_memory = await self.about_memory(asked)
        return await self._delegated(asked) if about_memory is None else about_memory

    async def about_memory(self, asked: Entry, code: str = ENGLISH) -> RuleAnswer | None:
        """Does what the last words, in the language `code`, request of the memory; None where they request nothing."""
        last = self._timeline.history().last_reply()
        heard = last.text if last is not None else ""
        request = self.memory_talk.request(asked.text, heard, code)
        if request is None:
            return None
        answer = await self._run(self.memory_talk.answer, request, heard, asked.span[1], self._log.last_line, code)
        if answer.forget:
            await self._committed()
            self._redact(await self._run(self._log.log.forget, answer.forget))
        return RuleAnswer(answer.text)

    async def _delegated(self, asked: Entry) -> RuleAnswer | None:
        delegation = self.toolbox.delegation
        if delegation is None:
            return None
        request = delegation_request(asked.text, pending=delegation.pending)
        if request is None:
            return None
        await self._committed()
        before = self._timeline.history(before=asked.number).blocks
        return RuleAnswer(delegation_answer(request, delegation, before, asked.turn))

    async def _committed(self) -> None:
        """What is forgotten, and words that have left the machine, cannot be taken back."""
        if self.toolbox.committed is not None:
            await self.toolbox.committed()


def delegation_answer(request: DelegationRequest, delegation: Delegation, before: Sequence[Block], seed: int) -> str:
    """Does what is requested and returns what is said. `before` are the turns before the request."""
    match request.kind:
        case "cancel":
            delegation.cancel()
            return "All right, I'll leave it."
        case "state":
            return "I'm still waiting for the answer. I'll tell you when it is here."
        case "ask":
            asked = request.words or _last_question(before)
            if not asked:
                return "What shall I look into?"
            alone = delegation.hand_over(asked, before[-CONTEXT_TURNS:])
            return _SAID[seed % len(_SAID)] if alone else "I'm looking into that instead."


def _last_question(before: Sequence[Block]) -> str:
    return next((block.text for block in reversed(before) if isinstance(block, TextBlock)), "")
