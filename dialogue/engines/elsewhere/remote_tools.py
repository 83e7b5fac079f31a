"""The functions that a chat server may call in one session: they run here, and their results go back as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from dialogue.blocks import ReplyBlock, ToolBlock
from dialogue.languages.consent import consent, question_after
from dialogue.languages.detect import language_of_turn
from dialogue.memory.timeline import Entry
from dialogue.remote.remote_calls import calls_in, written
from dialogue.rules.recall.conversation_record import ConversationRecord
from dialogue.tools.built_in_tools import built_in_tools
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.running_calls import ASKED, run_call, run_round
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Toolbox

T = TypeVar("T")


class RemoteTools:
    """One session. Without a toolbox it offers nothing."""

    def __init__(self, record: ConversationRecord) -> None:
        self._record = record
        self._tools: tuple[Tool, ...] = ()

    def equip(self, toolbox: Toolbox) -> None:
        """Outside of a call the user's own functions alone are offered."""
        if toolbox.reminders is None:
            self._tools = toolbox.user_tools
            return
        record = self._record
        self._tools = tuple(
            built_in_tools(toolbox, record.log, _here, self._now, lambda: record.timeline_log.last_line)
        )

    @property
    def schemas(self) -> list[dict[str, Any]]:
        """As chat servers take them."""
        return [tool.as_schema() for tool in self._tools]

    async def run(self, calls: Sequence[FunctionCall]) -> str | None:
        """Runs a round of calls. Returns the question for consent with which the reply ends, None where it goes on."""
        done = await run_round(calls, self._tools)
        self._add(done.calls, done.results)
        return question_after(done, self._tools, language_of_turn(self._record.timeline.asked))

    async def answer_to_question(self, asked: Entry) -> bool | None:
        """What the user's words are to the question for consent, if the last reply ended with one: True where the call
        was made now, False where it was declined, None for anything else."""
        call = self._waiting(asked)
        agreed = consent(asked.text) if call is not None else None
        if call is not None and agreed:
            self._add([call], [await run_call(call, self._tools)])
        return agreed

    def _waiting(self, asked: Entry) -> FunctionCall | None:
        """The call that the last turn asked about, if the user heard of it."""
        last = [entry.content for entry in self._record.timeline.entries if entry.turn == asked.turn - 1]
        rounds = [content for content in last if isinstance(content, ToolBlock)]
        heard = any(isinstance(content, ReplyBlock) for content in last)
        if not rounds or not heard or ASKED not in rounds[-1].results:
            return None
        return calls_in(rounds[-1])[rounds[-1].results.index(ASKED)]

    def called(self, calls: Sequence[FunctionCall], results: Sequence[str]) -> None:
        """Adds calls from before."""
        self._add(calls, results)

    def _add(self, calls: Sequence[FunctionCall], results: Sequence[str]) -> None:
        self._record.add(ToolBlock(written(calls), tuple(results), self._now()))

    def _now(self) -> float:
        """Session time of the newest entry."""
        entries = self._record.timeline.entries
        return entries[-1].span[1] if entries else 0.0


async def _here(step: Callable[..., T], *args: Any) -> T:
    """Looking something up in the log is short."""
    return step(*args)
