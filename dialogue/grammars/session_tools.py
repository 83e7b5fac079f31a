"""The tools of one session of a chat model: what is offered, how calls are read and held to their schema, what runs.

Results enter the timeline as data. A call that needs consent is asked about; the user's next words decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dialogue.blocks import ReplyBlock, TextBlock, ToolBlock
from dialogue.engine import Runner
from dialogue.grammars.call_grammar import json_call_grammar
from dialogue.grammars.constraint import Constraint, GrammarVocabulary
from dialogue.languages.consent import consent, question_after
from dialogue.languages.detect import language_of_turn
from dialogue.memory.event_log import EventLog
from dialogue.memory.timeline import Entry, Timeline
from dialogue.prompts.call_format import CallFormat
from dialogue.prompts.chat_format import ChatFormat
from dialogue.tools.built_in_tools import NAMES, built_in_tools
from dialogue.tools.function_call import FunctionCall
from dialogue.tools.json_calls import JsonCalls
from dialogue.tools.running_calls import ASKED, MAX_ROUNDS, as_json, run_call, run_round
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Toolbox

GAVE_UP = "Sorry, I could not work that out."
# Tokens of the calls of one reply, besides those of its words.
CALL_TOKENS = 320
# Rounds of calls and their results take at most 1/ROUND_SHARE of the context in one turn.
ROUND_SHARE = 4


class SessionTools:
    """One session. Without tools, or for a model that calls no functions, `tools` is empty."""

    def __init__(
        self,
        timeline: Timeline,
        chat: ChatFormat,
        call_format: CallFormat | None,
        vocabulary: GrammarVocabulary,
        limit: int,
        built_in: bool,
    ) -> None:
        """`limit` is the size of the model's context in tokens; `built_in` offers the built-in tools too."""
        self._built_in = built_in
        self._timeline, self._chat, self._format, self._vocabulary = timeline, chat, call_format, vocabulary
        self._most = limit // ROUND_SHARE // 2  # tokens of the results of a round
        self.tools: tuple[Tool, ...] = ()
        self._grammar = ""
        self.question = ""  # the question for consent with which the last reply ended

    def equip(
        self, toolbox: Toolbox, log: EventLog, run: Runner, now: Callable[[], float], before: Callable[[], int | None]
    ) -> None:
        """Take the session's tools, if the model can use them. Where rules do what the built-in ones do, and outside of
        a call, it has the user's alone: a small model chooses better among few."""
        if self._format is None or not (toolbox.user_tools or (self._built_in and toolbox.reminders is not None)):
            return
        offered = built_in_tools(toolbox, log, run, now, before)
        self.tools = tuple(tool for tool in offered if self._built_in or tool.name not in NAMES)
        self._grammar = json_call_grammar(self.tools, self._format.key)

    def reading(self) -> JsonCalls:
        """A reader of one reply."""
        self.question = ""
        return JsonCalls([tool.name for tool in self.tools])

    def constraint(self, written: str) -> Constraint:
        """Holds a call that has begun with `written` to its schema. Runs on the model's thread."""
        return self._vocabulary.constraint(self._grammar, written)

    @property
    def closing(self) -> str:
        """The mark that follows a call."""
        return self._format.closing if self._format is not None else ""

    def allow_round(self, number: int) -> bool:
        """Whether the model may call functions in this round, counted from 0."""
        return bool(self.tools) and number < MAX_ROUNDS

    async def run(self, calls: Sequence[FunctionCall]) -> bool:
        """Run a round of calls. False where the reply ends with the `question` for consent."""
        done = await run_round(calls, self.tools)
        self._add(done.calls, done.results)
        self.question = question_after(done, self.tools, language_of_turn(self._timeline.asked)) or ""
        return not self.question

    def fits(self, result: str) -> bool:
        """Whether a result is shown whole; for a model that calls no functions, none is."""
        return self._format is not None and len(self._chat.encode(result)) <= self._most

    def called(self, calls: Sequence[FunctionCall], results: Sequence[str]) -> None:
        """Adds what was looked up for the model, or computed elsewhere, as if it had called functions now."""
        self._add(calls, results)

    def made_since(self, position: int) -> list[ToolBlock]:
        """The rounds of calls behind a position of the timeline, if the question that they answer lies before it."""
        behind = [entry.content for entry in self._timeline.since(position)]
        asked = any(isinstance(content, TextBlock) for content in behind)
        return [] if asked else [content for content in behind if isinstance(content, ToolBlock)]

    async def answer_to_question(self, asked: Entry) -> bool | None:
        """What the user's words are to the question for consent, if the last reply ended with one: True where the call
        was made now, False where it was declined, None for anything else."""
        call = self._waiting(asked)
        if call is None:
            return None
        agreed = consent(asked.text)
        if agreed:
            self._add([call], [await run_call(call, self.tools)])
        return agreed

    def _waiting(self, asked: Entry) -> FunctionCall | None:
        """The call that the last turn asked about, if the user heard of it."""
        last = [entry for entry in self._timeline.entries if entry.turn == asked.turn - 1]
        rounds = [place for place, entry in enumerate(last) if isinstance(entry.content, ToolBlock)]
        if not rounds or not any(isinstance(entry.content, ReplyBlock) for entry in last[rounds[-1] :]):
            return None
        block = last[rounds[-1]].content
        assert isinstance(block, ToolBlock)
        if ASKED not in block.results:
            return None
        reading = self.reading()
        reading.push(block.written)
        return reading.calls[block.results.index(ASKED)]

    def _add(self, calls: Sequence[FunctionCall], results: Sequence[str]) -> None:
        assert self._format is not None, "a model without functions is offered none"
        shown = tuple(_within(result, self._most // len(results), self._chat.shortened) for result in results)
        written = self._format.written(calls, self._chat.plain)
        self._timeline.add(ToolBlock(written, shown, self._timeline.entries[-1].span[1]))


def _within(result: str, most: int, shorten: Callable[[str, int], str]) -> str:
    """A result of at most about `most` tokens, still JSON."""
    short = shorten(result, most)
    return result if short == result else as_json({"cut": short})
