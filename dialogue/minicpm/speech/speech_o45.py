"""The speech decoder of o 4.5: text tokens with their hidden states to audio codes, one code a step.

25 codes are one second. Text arrives in chunks while earlier chunks are spoken, and each chunk continues the audio
made so far. Imports no language model and no waveform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.llm.batching import Steps
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.precision import Precision
from dialogue.minicpm.speech.speech_backbone import (
    VOICE,
    backbone_of,
    blank_projector,
    filter_top,
    penalise_repeats,
    weight_normed,
)
from dialogue.minicpm.speech.speech_request import SpeechRequest

CODES_PER_S = 25
TEMPERATURE, PENALTY, RECENT = 0.8, 1.05, 16
TOP_P, TOP_K = 0.85, 25

Memory = Literal["full_attention", "sliding_recompute", "sliding_window", "reindex"]
Choose = Callable[[Tensor, Tensor], int]  # logits (V,), probabilities (V,) -> a code


@dataclass(slots=True, eq=False)
class SpeechTurn:
    """One turn of one session's speech. `memory` selects what a chunk sees of earlier chunks: all rows, the last
    chunk recomputed, the last `window` rows, or the first and the last chunk."""

    cache: KVCache
    memory: Memory
    window: int
    position: int = 0  # position of the next row
    codes: list[int] = field(default_factory=list)
    chunks: list[Tensor] = field(default_factory=list)  # rows of every chunk, its codes included
    over: bool = False  # the turn is complete
    restarts: int = 0  # how often the cache was rebuilt

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
    """The weights, shared by all sessions."""

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
        """A turn with room for `capacity` rows; a longer turn continues with its last chunk only. `memory` defaults
        to the checkpoint's setting."""
        return SpeechTurn(self.backbone.new_cache(capacity), memory or self._memory, window)

    @torch.inference_mode()
    def condition(self, tokens: Sequence[int], hidden: Tensor) -> Tensor:
        """Tokens and their hidden states (n, llm) -> rows (n, width)."""
        if not tokens:
            return self._text.new_zeros(0, self._text.shape[1])
        meaning = self._projector(hidden.float())
        if self._normalise:
            meaning = F.normalize(meaning, dim=-1)
        return self._named(tokens) + meaning

    def with_start(self, condition: Tensor, last: bool = False) -> Tensor:
        """`condition` with the start-of-audio row after it; `last`: the turn has no more text."""
        return torch.cat([condition, self._named([self.text_end] * last + [self.sound_start])])

    def second(self, turn: SpeechTurn, condition: Tensor, choose: Choose, least: int = 0) -> Steps[list[int]]:
        """One second of audio for a full-duplex unit, from `with_start` rows -> at most 25 codes; fewer where the
        decoder chooses its end code, which is allowed after `least` codes. As published, one more code is sampled and
        discarded."""
        self._make_room(turn, len(condition) + CODES_PER_S)
        codes: list[int] = []
        logits: Tensor = yield SpeechRequest(self.feed, turn, condition)
        for step in range(CODES_PER_S + 1):
            scores = penalise_repeats(logits / TEMPERATURE, codes[-RECENT:], PENALTY)
            if step < least:
                scores[self.end] = -torch.inf
            code = choose(logits, scores.softmax(-1))
            if code == self.end or step == CODES_PER_S:
                break
            codes.append(code)
            logits = yield SpeechRequest(self.feed, turn, self._sound[code][None])
        self._remember(turn, condition, codes)
        return codes

    def chunk(self, turn: SpeechTurn, condition: Tensor, choose: Choose, limit: int = 500) -> Iterator[int]:
        """Audio for a chunk of text in half duplex, from `with_start` rows: codes up to the end code.

        A chunk that is not iterated to its end stays in the cache but not in `memory`: start a new turn after it.
        """
        self._make_room(turn, len(condition) + limit)
        self._apply_memory(turn)
        codes: list[int] = []
        logits = self.feed([turn], [condition])[0]
        while True:
            scores = logits / TEMPERATURE
            if turn.codes:
                scores = filter_top(penalise_repeats(scores, turn.codes[-RECENT:], PENALTY), TOP_P, TOP_K)
            code = choose(logits, scores.softmax(-1))
            if code == self.end:
                break
            codes.append(code)
            turn.codes.append(code)
            yield code
            if len(codes) == limit:
                turn.position += 1  # as published: the code keeps its position, although it is never fed
                break
            logits = self.feed([turn], [self._sound[code][None]])[0]
        self._remember(turn, condition, codes)

    def rewind(self, mark: SpeechMark) -> SpeechTurn:
        """Return to `mark`. If the cache was rebuilt since, it then holds the last chunk only, as after a rebuild."""
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
    def feed(self, turns: Sequence[SpeechTurn], rows: Sequence[Tensor]) -> Sequence[Tensor]:
        """Rows (n, width) of several turns in one pass -> logits (V,) after the last row of each."""
        counts = [len(each) for each in rows]
        positions = [
            torch.arange(turn.position, turn.position + count) for turn, count in zip(turns, counts, strict=True)
        ]
        seen = [_seen(turn, count) for turn, count in zip(turns, counts, strict=True)]
        made = self.backbone.forward_batch([turn.cache for turn in turns], rows, positions, seen)
        for turn, count in zip(turns, counts, strict=True):
            turn.position += count
        return list(F.linear(torch.stack([hidden[-1] for hidden in made]).float(), self._head))

    def _remember(self, turn: SpeechTurn, condition: Tensor, codes: Sequence[int]) -> None:
        turn.chunks.append(torch.cat([condition, self._sound[torch.tensor(codes, dtype=torch.long)]]))

    def _apply_memory(self, turn: SpeechTurn) -> None:
        """Reduce the cache to what the next chunk may see."""
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
        """Move the last `rows` of the cache from `start` to `to`. As published, row i is rotated by i positions too
        many: the published code treats all keys of the chunk as if they were at `start`."""
        moved = cache.storage[:, :, :, start : start + rows].clone()
        for row in range(rows):
            moved[:, 0, :, row] = self.backbone.rotary.shift(moved[:, 0, :, row], to + row - start)
        cache.rewind(to)
        cache.storage[:, :, :, to : to + rows] = moved
        cache.advance(rows)


def _seen(turn: SpeechTurn, rows: int) -> Tensor | None:
    """The attention mask of the next `rows`, or None for the plain causal one."""
    if turn.memory != "sliding_window":
        return None
    start, end = turn.cache.length, turn.cache.length + rows
    position = torch.arange(end)
    return (position <= torch.arange(start, end)[:, None]) & (position >= start - turn.window)


def sampled(generator: torch.Generator | None = None) -> Choose:
    """A `Choose` that samples from the probabilities."""

    def choose(_logits: Tensor, probabilities: Tensor) -> int:
        return int(torch.multinomial(probabilities, 1, generator=generator))

    return choose
