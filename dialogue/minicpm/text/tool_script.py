"""A conversation with tools as tokens in order, and what of it should stand in MiniCPM3's context.

Turns are encoded once, when they come; what the model wrote stays as it wrote it, so nothing is computed twice. By
the rolling ledger old scenes leave first, then whole turns with their calls and results, oldest first. Knows no model
and no cache; runs on the event loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dialogue.blocks import PartialBlock, ReplyBlock, TextBlock
from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.vocabulary import Vocabulary, shortened
from dialogue.llm.rolling_ledger import Eviction, Kind, LedgerEntry, RollingLedger
from dialogue.prompts.prompt import clean

SMALLEST_CONTEXT = 2048
_NAMES: Mapping[Kind, str] = {"picture": "scene"}  # what the page calls it
_OPEN_USER, _OPEN_REPLY, _CLOSE = "<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>\n"


@dataclass(frozen=True, slots=True)
class ScriptPart:
    """Tokens that come and leave together. A scene is a "picture" to the ledger: the first to leave."""

    kind: Kind
    ids: tuple[int, ...]
    turn: int
    start: float
    end: float
    text: str = ""
    heard: bool = True


class ToolScript:
    """One per session. `limit` tokens besides the instruction. Positions count the parts since the beginning."""

    def __init__(self, words: Vocabulary, limit: int, system: str) -> None:
        if limit < SMALLEST_CONTEXT:
            raise BadInput(f"A context of {limit} tokens is too small; choose at least {SMALLEST_CONTEXT}.")
        self._words, self._most = words, limit
        self._open_reply, self._close = self._encoded(_OPEN_REPLY), self._encoded(_CLOSE)
        self.parts: list[ScriptPart] = []
        self.dropped = 0
        self._left = Counter[str]()
        self._scene = ""
        self._partial: tuple[int, ...] = ()
        self.instruct(system)

    def instruct(self, system: str) -> None:
        """The standing instruction with its tools, as `system_text` makes it: first in the context, never dropped."""
        self.system = self._encoded(f"<|im_start|>system\n{system}{_CLOSE}")

    @property
    def limit(self) -> int:
        return self._most + len(self.system)

    @property
    def position(self) -> int:
        return self.dropped + len(self.parts)

    @property
    def turn(self) -> int:
        """How many times the user has had the floor."""
        return self.parts[-1].turn if self.parts else 0

    @property
    def asked(self) -> ScriptPart | None:
        """What the user said, if he had the last word."""
        return self.parts[-1] if self.parts and self.parts[-1].kind == "text" else None

    def see(self, scene: str) -> None:
        """What the eyes make of the camera now: told with the user's next words, unless it was told before."""
        self._scene = shortened(self._words, scene, self._most // 8)[0]

    def overhear(self, block: PartialBlock) -> None:
        """What the user has said so far; the turn stays open."""
        scene = self._new_scene()
        head = f"{_OPEN_USER}{scene}\n\n" if scene else _OPEN_USER
        self._partial = self._encoded(head + self.plain(block.text))

    def said(self, block: TextBlock) -> None:
        """The user's turn is over."""
        self._partial = ()
        turn, scene = self.turn + 1, self._new_scene()
        head = f"{_OPEN_USER}{scene}\n\n" if scene else _OPEN_USER
        ids, ends = self._words.encode_with_ends(f"{head}{self.plain(block.text)}{_CLOSE}")
        opened, seen = (sum(end <= len(text) for end in ends) for text in (_OPEN_USER, head))
        if scene:
            self.parts.append(ScriptPart("text", ids[:opened], turn, block.start, block.end))
            self.parts.append(ScriptPart("picture", ids[opened:seen], turn, block.start, block.end, scene))
        self.parts.append(ScriptPart("text", ids[seen if scene else 0 :], turn, block.start, block.end, block.text))

    def called(self, ids: Sequence[int], results: Sequence[str], most: int) -> None:
        """The model made calls by writing `ids`, and this came back. All results take about `most` tokens at most."""
        self._drop_unheard()
        at = self.parts[-1].end
        call = (*self._open_reply, *ids, *self._close)
        back = "".join(f"<|im_start|>tool\n{self.plain(each, most // len(results))}{_CLOSE}" for each in results)
        self.parts.append(ScriptPart("reply", (*call, *self._encoded(back)), self.turn, at, at))

    def replying(self, ids: Sequence[int], text: str) -> None:
        """What has been written so far of a reply that nobody has confirmed to have heard."""
        self._drop_unheard()
        at = self.parts[-1].end if self.parts else 0.0
        whole = (*self._open_reply, *ids, *self._close)
        self.parts.append(ScriptPart("reply", whole, self.turn, at, at, text, heard=False))

    def replied(self, block: ReplyBlock, as_written: bool) -> None:
        """What was heard of a reply; takes the place of the unconfirmed one, or confirms it `as_written`. Nothing
        heard leaves nothing."""
        unheard = self._drop_unheard()
        if not block.text.strip():
            return
        whole = self._encoded(f"{_OPEN_REPLY}{self.plain(block.text)}{_CLOSE}")
        ids = unheard.ids if unheard is not None and as_written else whole
        self.parts.append(ScriptPart("reply", ids, self.turn, block.start, block.end, block.text))

    def rewind(self, position: int) -> None:
        """Back to an earlier position."""
        assert self.dropped <= position <= self.position, f"no way back from {self.position} to {position}"
        del self.parts[position - self.dropped :]
        self._partial = ()

    def wanted(self, *, replying: bool = False) -> list[int]:
        """All token ids that should stand in the context now, in order."""
        ids = [*self.system]
        for part in self.parts:
            ids += part.ids
        return [*ids, *(self._open_reply if replying else self._partial)]

    def room(self) -> int:
        """Tokens that the open turn may still take, once everything before it has left."""
        return self._most - sum(len(part.ids) for part in self.parts if part.turn == self.turn)

    def make_room(self, tokens: int) -> Eviction:
        """Drop old parts so that `tokens` more fit. The spans are to be cut from the cache, in the given order."""
        ledger = RollingLedger(self.limit, low=len(self.system) + self._most * 3 // 4)
        ledger.entries.append(LedgerEntry("system", len(self.system), 0.0, 0.0, turn=0, pinned=True))
        ledger.entries += [LedgerEntry(p.kind, len(p.ids), p.start, p.end, p.turn, note=p.text) for p in self.parts]
        before = list(ledger.entries)
        eviction = ledger.make_room(len(self._partial) + tokens, self.turn + bool(self._partial))
        stay = {id(entry) for entry in ledger.entries}
        kept = [part for part, entry in zip(self.parts, before[1:], strict=True) if id(entry) in stay]
        self.dropped += len(self.parts) - len(kept)
        self._left.update(_NAMES.get(entry.kind, entry.kind) for entry in eviction.dropped)
        self.parts = kept
        return eviction

    def use(self) -> ContextUse:
        """Tokens by kind, for the page's meter."""
        parts = [
            ("system", len(self.system)),
            *((_NAMES.get(part.kind, part.kind), len(part.ids)) for part in self.parts),
        ]
        parts += [("text", len(self._partial))] if self._partial else []
        tokens = {"text": 0, "reply": 0}
        for kind, count in parts:
            tokens[kind] = tokens.get(kind, 0) + count
        return ContextUse(tokens, self.limit, self.dropped, tuple(parts), dict(self._left))

    def _new_scene(self) -> str:
        last = next((part.text for part in reversed(self.parts) if part.kind == "picture"), "")
        return "" if self._scene == last else self._scene

    def _drop_unheard(self) -> ScriptPart | None:
        return self.parts.pop() if self.parts and not self.parts[-1].heard else None

    def _encoded(self, text: str) -> tuple[int, ...]:
        return tuple(self._words.encode(text, begin=False))

    def plain(self, text: str, most: int = 0) -> str:
        """Text from outside: what is in it cannot end a turn, begin one, or pose as a mark."""
        return shortened(self._words, self._words.plain(clean(text)), most or self._most // 8)[0]
