"""o 4.5's voice: every token of text with the hidden state it was said with in, one code of sound at a time out.

25 codes are a second. Chunks of text come while the voice is speaking, and the voice goes on behind what it has
made already. Knows no language model and no waveform.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.llm.batching import Stage, Steps
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.precision import Precision
from dialogue.minicpm.speech.speech_backbone import (
    VOICE,
    backbone_of,
    blank_projector,
    narrowed,
    penalised,
    weight_normed,
)

CODES_PER_S = 25
TEMPERATURE, PENALTY, RECENT = 0.8, 1.05, 16
TOP_P, TOP_K = 0.85, 25

Memory = Literal["full_attention", "sliding_recompute", "sliding_window", "reindex"]
Choose = Callable[[Tensor, Tensor], int]  # logits (V,), what is to be sampled from (V,) -> a code


@dataclass(slots=True, eq=False)
class SpeechTurn:
    """One turn of one session's speech. `memory` is what a chunk sees of the turn's earlier ones: all of it, the
    last chunk heard anew, the last `window` rows, or the first and the last chunk."""

    cache: KVCache
    memory: Memory
    window: int
    position: int = 0  # of the next row
    codes: list[int] = field(default_factory=list)
    chunks: list[Tensor] = field(default_factory=list)  # rows of every chunk, its codes included
    over: bool = False  # nothing more is to be said in it
    restarts: int = 0  # how often its cache was filled anew

    def mark(self) -> SpeechMark:
        return SpeechMark(self, self.cache.length, self.position, len(self.codes), len(self.chunks), self.restarts)


@dataclass(frozen=True, slots=True, eq=False)
class SpeechMark:
    """A point between two chunks of a turn."""

    turn: SpeechTurn
    length: int
    position: int
    codes: int
    chunks: int
    restarts: int


class SpeechDecoderO45:
    """Weights, shared by all sessions."""

    def __init__(self, checkpoint: Checkpoint, precision: Precision = "float32", device: str = "cpu") -> None:
        fields = checkpoint.config["tts_config"]
        self._memory: Memory = fields.get("attention_type", "sliding_recompute")
        self.sound_start = int(fields.get("audio_bos_token_id", 151687))
        self.text_end = int(fields.get("text_eos_token_id", 151692))
        self._normalise = bool(fields.get("normalize_projected_hidden", True))
        self.backbone = backbone_of(checkpoint, precision, device)
        under = checkpoint.under(VOICE)
        self._text = under["emb_text.weight"].to(device, torch.float32)
        self._sound = under["emb_code.0.weight"].to(device, torch.float32)
        self._head = weight_normed(under, "head_code.0.").to(device)
        self.end = len(self._head) - 1
        projector = f"{VOICE}projector_semantic."
        self._projector = checkpoint.fill(blank_projector(checkpoint, projector), projector, device=device)

    def start(self, capacity: int = 2048, memory: Memory | None = None, window: int = 300) -> SpeechTurn:
        """A turn with room for so many rows; a longer one goes on with its last chunk only. `memory` is the
        checkpoint's own by default."""
        return SpeechTurn(self.backbone.new_cache(capacity), memory or self._memory, window)

    @torch.inference_mode()
    def condition(self, tokens: Sequence[int], hidden: Tensor) -> Tensor:
        """Tokens and the hidden states (n, llm) they were said with -> rows (n, width)."""
        if not tokens:
            return self._text.new_zeros(0, self._text.shape[1])
        meaning = self._projector(hidden.float())
        if self._normalise:
            meaning = F.normalize(meaning, dim=-1)
        return self._named(tokens) + meaning

    def opened(self, condition: Tensor, last: bool = False) -> Tensor:
        """Rows after which sound begins; `last`: no more text will come in this turn."""
        return torch.cat([condition, self._named([self.text_end] * last + [self.sound_start])])

    def second(self, turn: SpeechTurn, condition: Tensor, choose: Choose, least: int = 0) -> Steps[list[int]]:
        """A second of sound for a unit of full duplex, from `opened` rows -> at most 25 codes; fewer where the voice
        ends by itself, which it may do after `least`. One more is sampled and thrown away, as published."""
        self._make_room(turn, len(condition) + CODES_PER_S)
        codes: list[int] = []
        logits: Tensor = yield DecodeChunk(self, turn, condition)
        for step in range(CODES_PER_S + 1):
            scores = penalised(logits / TEMPERATURE, codes[-RECENT:], PENALTY)
            if step < least:
                scores[self.end] = -torch.inf
            code = choose(logits, scores.softmax(-1))
            if code == self.end or step == CODES_PER_S:
                break
            codes.append(code)
            logits = yield DecodeChunk(self, turn, self._sound[code][None])
        self._remember(turn, condition, codes)
        return codes

    def chunk(self, turn: SpeechTurn, condition: Tensor, choose: Choose, limit: int = 500) -> Iterator[int]:
        """Sound for a chunk of text in a turn of its own, from `opened` rows: codes until the voice ends it.

        A chunk that is not taken to its end is forgotten by `memory`, not by the cache: start a new turn then.
        """
        self._make_room(turn, len(condition) + limit)
        self._forget(turn)
        codes: list[int] = []
        logits = self.feed([turn], [condition])[0]
        while True:
            scores = logits / TEMPERATURE
            if turn.codes:
                scores = narrowed(penalised(scores, turn.codes[-RECENT:], PENALTY), TOP_P, TOP_K)
            code = choose(logits, scores.softmax(-1))
            if code == self.end:
                break
            codes.append(code)
            turn.codes.append(code)
            yield code
            if len(codes) == limit:
                turn.position += 1  # as published: its place is kept, though it is never fed
                break
            logits = self.feed([turn], [self._sound[code][None]])[0]
        self._remember(turn, condition, codes)

    def rewind(self, mark: SpeechMark) -> SpeechTurn:
        """As if nothing had been said since. Where the cache was filled anew meanwhile, it holds the last chunk only,
        as it would after that."""
        turn = mark.turn
        del turn.codes[mark.codes :], turn.chunks[mark.chunks :]
        turn.over = False
        if mark.restarts == turn.restarts:
            turn.cache.rewind(mark.length)
            turn.position = mark.position
        elif turn.chunks:
            self._restart(turn)
        return turn

    def _named(self, tokens: Sequence[int]) -> Tensor:
        return F.embedding(torch.tensor(tokens, device=self._text.device), self._text)

    @torch.inference_mode()
    def feed(self, turns: Sequence[SpeechTurn], rows: Sequence[Tensor]) -> Tensor:
        """Rows of each of these turns, in one pass -> logits (turns, V) behind the last row of each."""
        counts = [len(each) for each in rows]
        places = [torch.arange(turn.position, turn.position + count) for turn, count in zip(turns, counts, strict=True)]
        seen = [_seen(turn, count) for turn, count in zip(turns, counts, strict=True)]
        made = self.backbone.forward_batch([turn.cache for turn in turns], rows, places, seen)
        for turn, count in zip(turns, counts, strict=True):
            turn.position += count
        return F.linear(torch.stack([hidden[-1] for hidden in made]).float(), self._head)

    def _remember(self, turn: SpeechTurn, condition: Tensor, codes: Sequence[int]) -> None:
        turn.chunks.append(torch.cat([condition, self._sound[torch.tensor(codes, dtype=torch.long)]]))

    def _forget(self, turn: SpeechTurn) -> None:
        """Make the cache hold what the next chunk may see."""
        if turn.memory == "sliding_recompute" and len(turn.chunks) > 1:
            self._restart(turn)
        if turn.memory == "reindex" and len(turn.chunks) > 2:
            first, last = len(turn.chunks[0]), len(turn.chunks[-1])
            self._bring_forward(turn.cache, turn.cache.length - last, first, last)
            turn.position = turn.cache.length

    def _make_room(self, turn: SpeechTurn, rows: int) -> None:
        if turn.cache.length + rows > turn.cache.capacity:
            self._restart(turn)

    def _restart(self, turn: SpeechTurn) -> None:
        turn.cache.rewind(0)
        turn.restarts += 1
        self.backbone.forward(turn.cache, turn.chunks[-1])
        turn.position = turn.cache.length

    def _bring_forward(self, cache: KVCache, start: int, to: int, rows: int) -> None:
        """Move the last `rows` of the cache from `start` to `to`. As published, row i is turned by i too many
        positions: the keys are taken for a chunk that all stood at `start`."""
        moved = cache.storage[:, :, :, start : start + rows].clone()
        for row in range(rows):
            moved[:, 0, :, row] = self.backbone.rotary.shift(moved[:, 0, :, row], to + row - start)
        cache.rewind(to)
        cache.storage[:, :, :, to : to + rows] = moved
        cache.advance(rows)


@dataclass(frozen=True, slots=True, eq=False)
class DecodeChunk:
    """The next rows of a turn of speech -> logits (V,) behind the last."""

    voice: SpeechDecoderO45
    turn: SpeechTurn
    rows: Tensor
    stage: Stage = Stage.SPEAK

    def alike(self) -> Hashable:
        return id(self.voice)

    def together(self, requests: Sequence[DecodeChunk]) -> Sequence[Tensor]:
        return list(self.voice.feed([one.turn for one in requests], [one.rows for one in requests]))


def _seen(turn: SpeechTurn, rows: int) -> Tensor | None:
    """Who sees whom, where that is not simply all before it."""
    if turn.memory != "sliding_window":
        return None
    start, end = turn.cache.length, turn.cache.length + rows
    place = torch.arange(end)
    return (place <= torch.arange(start, end)[:, None]) & (place >= start - turn.window)


def sampled(generator: torch.Generator | None = None) -> Choose:
    """Draw from what is to be sampled from."""

    def choose(_logits: Tensor, probabilities: Tensor) -> int:
        return int(torch.multinomial(probabilities, 1, generator=generator))

    return choose
