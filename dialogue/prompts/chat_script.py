"""Lays out a timeline as the tokens of a chat model, as far as it is in the context. Runs on the event loop."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile

from dialogue.blocks import ReplyBlock, TextBlock, ToolBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.rolling_ledger import Eviction, LedgerEntry
from dialogue.memory.context_window import ContextWindow
from dialogue.memory.keyframes import KINDS, Keyframe, KeyframeKind
from dialogue.memory.recap import Recap
from dialogue.memory.timeline import Entry, Timeline
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.prompt import ChatMessage, few_shot, mask_quotes
from dialogue.prompts.scene_text import LONGEST_ENTRY, SHORTEST_ENTRY, scene_entry
from dialogue.tools.tool import Tool

SMALLEST_CONTEXT = 768
# The recap takes at most 1/RECAP_SHARE of the context.
RECAP_SHARE = 8
# An entry about what is seen takes at most 1/SCENE_SHARE of it.
SCENE_SHARE = 8
# A sentence that begins with one of these (or "isn't", "what's") is transcribed as a question.
_ASKING = re.compile(
    r"(?:wh(?:at|en|ere|o|ose|om|ich|y)|how|is|are|was|were|am|do|does|did|ca|can|could|wo|will|would|shall|should|may"
    r"|might|has|have|had)(?:n?'\w+)?\b"
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """Replaces tokens start .. end of the context by `ids`; the tokens after them stay."""

    start: int
    end: int
    ids: tuple[int, ...]


class ChatScript:
    """A timeline as the tokens of one model. `system` are those before the first turn.

    An entry's tokens are those it adds when it is new: for templates that lay out old turns differently the sum is
    slightly off, and following `wanted` corrects it.
    """

    def __init__(
        self,
        chat: ChatFormat,
        system: str,
        limit: int,
        examples: Sequence[tuple[str, str]] = (),
        timeline: Timeline | None = None,
        *,
        reads_scene: bool = True,
    ) -> None:
        """`examples` are worked questions and answers that follow the instruction. `reads_scene`: what is seen is in
        the context."""
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT}.")
        self._chat, self.limit, self._examples = chat, limit, examples
        self.timeline = Timeline() if timeline is None else timeline
        self._window = ContextWindow(self.timeline, self._cost, scenes=reads_scene)
        self._shown: dict[int, str] = {}
        self._left_out: frozenset[KeyframeKind] = frozenset()
        self._recap = Recap(limit // RECAP_SHARE, lambda text: len(chat.encode(text)))
        self._tools: tuple[Tool, ...] = ()
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """Sets the standing instruction and the worked examples: first in the context, never dropped."""
        plain = self._chat.plain(system)
        ids = self._chat.listening(few_shot(plain, self._examples))
        if len(ids) > self.limit * 3 // 8:
            raise BadInput(f"The instruction takes {len(ids)} of {self.limit} tokens of context; shorten it.")
        self._instruction = plain
        self._lay_out_beginning()

    def offer(self, tools: Sequence[Tool]) -> None:
        """Describes functions to the model, as its template does. Raises BadInput where that takes too much room."""
        self._tools = tuple(tools)
        self._lay_out_beginning()

    def _lay_out_beginning(self) -> None:
        self._bare_tokens = len(self._chat.listening(self._begun_with(self._instruction)))
        if self._bare_tokens > self.limit * 5 // 8:
            raise BadInput(
                f"The instruction and the functions take {self._bare_tokens} of {self.limit} tokens of context; offer "
                "fewer functions, or ask for a larger context (--context)."
            )
        self._open_with(self._recap.text)

    def _begun_with(self, instruction: str) -> list[ChatMessage]:
        first, *examples = few_shot(instruction, self._examples)
        return [replace(first, tools=self._tools), *examples]

    def _open_with(self, recap: str) -> None:
        """Lays out the instruction, the recap behind it and the worked examples."""
        self._shown_recap = recap
        instruction = "\n\n".join(filter(None, (self._instruction, self._chat.plain(recap))))
        self._beginning = self._begun_with(instruction)
        self.system = tuple(self._chat.listening(self._beginning))

    def recapitulate(self) -> Renewal | None:
        """Updates the recap if turns have left since; None if it is up to date."""
        if self._recap.text == self._shown_recap:
            return None
        before = self.system
        self._open_with(self._recap.text)
        start = _common_prefix(before, self.system)
        same = _common_prefix(before[start:][::-1], self.system[start:][::-1])
        return Renewal(start, len(before) - same, self.system[start : len(self.system) - same])

    @property
    def entries(self) -> list[Entry]:
        """What is in the context, oldest first."""
        return self._window.entries

    @property
    def begins(self) -> int:
        """The timeline's position at which the context begins."""
        return next((entry.number for entry in self.entries), self.timeline.position)

    @property
    def texts(self) -> list[str]:
        """What the context holds of texts that the camera has read."""
        frames = [entry.content for entry in self.entries if isinstance(entry.content, Keyframe)]
        return [fact.text for frame in frames if frame.kind == "text" for fact in frame.facts]

    @contextmanager
    def leaving_out(self, *kinds: KeyframeKind) -> Iterator[None]:
        """Leaves entries of these kinds, by default of all, out of what is laid out meanwhile."""
        before, self._left_out = self._left_out, frozenset(kinds or KINDS)
        try:
            yield
        finally:
            self._left_out = before

    def redact(self, texts: Collection[str]) -> None:
        """Replaces turns with these texts, and what the recap has of them: the user wants them forgotten."""
        for number in self.timeline.redact(texts):
            self._shown.pop(number, None)
        self._recap.forget(texts)

    def shown(self, entry: Entry) -> str:
        """An entry as the model reads it."""
        if entry.number not in self._shown:
            self._shown[entry.number] = self._worded(entry)
        return self._shown[entry.number]

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids that belong in the context now, in order.

        An open turn is laid out as if it ended here: if it does, nothing is left to compute.
        """
        return self._laid_out(self.entries, self._partial(), replying=replying)

    def alone(self, text: str) -> list[int]:
        """The token ids of the beginning and `text` as the user's words, without what was said and seen."""
        return self._chat.replying([*self._beginning, ChatMessage("user", self._shortened(text))])

    def make_room(self, tokens: int) -> Eviction:
        """Drops old entries so that `tokens` more fit. The caller cuts the spans from the KV cache, in order."""
        # Tokens that the template adds outside of turns must fit as well, and so must a grown recap.
        standing = self._standing()
        listed = sum(entry.tokens for entry in self._window.ledger(standing))
        open_tokens = max(0, len(self.wanted()) - listed)
        growing = max(0, self._recap.most - (len(self.system) - self._bare_tokens))
        room = open_tokens + growing + tokens
        eviction = self._window.make_room(room, self.limit, self.limit * 3 // 4, standing)
        self._recap.add(eviction.dropped)
        here = {entry.number for entry in self.entries}
        self._shown = {number: shown for number, shown in self._shown.items() if number in here}
        return eviction

    def room(self) -> int:
        """Tokens left for the open turn if everything before it is evicted."""
        turn = [entry for entry in self.entries if entry.turn == self.timeline.turn]
        return self.limit - len(self.system) - sum(map(self._window.tokens, turn))

    def said_lately(self, replies: int) -> tuple[int, ...]:
        """The tokens of the last replies, without their turns' control tokens."""
        said = [self.shown(entry) for entry in self.entries if isinstance(entry.content, ReplyBlock)][-replies:]
        return tuple(token for shown in said for token in self._chat.encode(shown))

    def use(self) -> ContextUse:
        """For the page's meter."""
        standing = self._standing()
        listed = sum(entry.tokens for entry in self._window.ledger(standing))
        partial = max(0, len(self.wanted()) - listed) if self.timeline.partial is not None else 0
        return self._window.use(standing, self.limit, partial)

    def _standing(self) -> list[LedgerEntry]:
        """The instruction and the recap, which are never evicted."""
        standing = [LedgerEntry("system", self._bare_tokens, 0.0, 0.0, turn=0, pinned=True)]
        if recap := len(self.system) - self._bare_tokens:
            standing.append(LedgerEntry("recap", recap, 0.0, 0.0, turn=0, pinned=True))
        return standing

    def _cost(self, entry: Entry) -> int:
        entries = [each for each in self.entries if each.number <= entry.number]
        before = len(self.system) + sum(map(self._window.tokens, entries[:-1]))
        return max(0, len(self._laid_out(entries)) - before)

    def _laid_out(self, entries: Sequence[Entry], partial: str = "", *, replying: bool = False) -> list[int]:
        """The tokens of these entries. What is seen joins the user's turn: before the words, where it came before."""
        messages, seen = list(self._beginning), ""
        answered = True
        for entry in entries:
            if isinstance(entry.content, Keyframe) and entry.content.kind in self._left_out:
                continue
            shown = self.shown(entry)
            match entry.content:
                case Keyframe() if answered:
                    seen += f"{shown}\n"
                case Keyframe():
                    messages[-1] = replace(messages[-1], content=f"{messages[-1].content}\n{shown}")
                case ReplyBlock():
                    messages.append(ChatMessage("assistant", shown))
                    answered = True
                case ToolBlock(_, results):
                    messages.append(ChatMessage("assistant", shown))
                    messages += [ChatMessage("tool", self._chat.plain(result)) for result in results]
                    answered = False
                case _:
                    messages.append(ChatMessage("user", seen + shown))
                    seen, answered = "", False
        if partial:
            messages.append(ChatMessage("user", seen + partial))
        if replying or partial or not answered:
            return self._chat.replying(messages)
        return self._chat.listening(messages, seen)

    def _partial(self) -> str:
        """The words so far as they are laid out, if a turn is open."""
        partial = self.timeline.partial
        return self._shortened(_as_if_over(partial.text)) if partial is not None else ""

    def _worded(self, entry: Entry) -> str:
        match entry.content:
            case Keyframe():
                return self._seen(entry.content)
            case ReplyBlock(text):
                # Without text read in the room.
                return self._chat.plain(mask_quotes(text))
            case TextBlock(text):
                return self._shortened(text)
            case ToolBlock(written):
                return written
            case other:
                raise AssertionError(f"A {type(other).__name__} has no words in this context.")

    def _seen(self, keyframe: Keyframe) -> str:
        """Shortens what is quoted, not the entry: nothing may leave its quotation marks."""
        longest = LONGEST_ENTRY
        while True:
            line = self._chat.plain(scene_entry(keyframe, longest))
            if len(self._chat.encode(line)) <= self.limit // SCENE_SHARE or longest < SHORTEST_ENTRY:
                return line
            longest //= 2

    def _shortened(self, text: str) -> str:
        """Cuts a turn longer than a third of the context in the middle."""
        return self._chat.shortened(self._chat.plain(text), self.limit // 3)


def _as_if_over(said: str) -> str:
    """The words with the punctuation mark they will have if the turn ends here, so that its tokens are precomputed."""
    if not said[-1:].isalnum():
        return said
    last_sentence = re.split(r"[.!?]\s+", said)[-1].lower().replace("’", "'")
    return said + ("?" if _ASKING.match(last_sentence) else ".")


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
