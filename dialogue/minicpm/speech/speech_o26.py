"""o 2.6's voice: text and a speaker in, codes of sound out, four at a time.

A conditional decoder (after ChatTTS). Text is written into slots reserved for it in front of the sound, while sound
is already being made behind; how much of the text a step of sound may see grows with the sound itself, so that
speech begins with the first words. Knows no language model, no mel and no sampling rate.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.llm.batching import Stage, Steps, alone
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.precision import Precision
from dialogue.minicpm.speech.speech_backbone import VOICE, backbone_of, blank_projector, narrowed, weight_normed

TEMPERATURES = (0.1, 0.3, 0.1, 0.3)  # of the four codes of a step
TOP_P, TOP_K = 0.7, 20
FIRST_STEPS = 10  # of a call: the end may not come earlier


@dataclass(frozen=True, slots=True)
class TextSlots:
    """The layout in front of the sound: a start token, the speaker, and room for `text` tokens of text."""

    speakers: int
    text: int
    text_step: int  # every `sound_step` steps of sound, so many more tokens of text may be seen
    sound_step: int

    @property
    def sound(self) -> int:
        """Position of the first step of sound."""
        return 1 + self.speakers + self.text

    def visible(self, position: int, text_length: int) -> Tensor:
        """bool (position + 1,): what the step of sound at `position` sees, when `text_length` tokens are known.

        The slot of the first step is hidden from every step, itself included; later sound is causal.
        """
        steps = math.ceil((position - self.text) / self.sound_step)
        limit = min(steps * self.text_step, self.text) + 1 + self.speakers
        known = 1 + self.speakers + text_length + 1
        seen = torch.ones(position + 1, dtype=torch.bool)
        seen[min(limit, known) : self.sound + 1] = False
        return seen


@dataclass(slots=True, eq=False)
class SpeechState:
    """One segment of one session's speech."""

    cache: KVCache
    written: int = 0  # slots that hold the start, the speaker and text
    steps: int = 0  # of sound


class SpeechDecoderO26:
    """Weights, shared by all sessions."""

    def __init__(self, checkpoint: Checkpoint, precision: Precision = "float32", device: str = "cpu") -> None:
        fields = checkpoint.config["tts_config"]
        self.slots = TextSlots(
            speakers=fields.get("num_spk_embs", 1),
            text=fields.get("streaming_text_reserved_len", 300),
            text_step=fields.get("streaming_text_chunk_size", 10),
            sound_step=fields.get("streaming_audio_chunk_size", 50),
        )
        self.codes = fields.get("num_vq", 4)
        self.sound_start = fields.get("audio_bos_token_id", 21132)
        self.text_end = fields.get("text_eos_token_id", 21133)
        self.speaker_token = fields.get("spk_emb_token_id", 21143)
        self.backbone = backbone_of(checkpoint, precision, device)
        under = checkpoint.under(VOICE)
        self._text = under["emb_text.weight"].to(device, torch.float32)
        self._sound = [under[f"emb_code.{code}.weight"].to(device, torch.float32) for code in range(self.codes)]
        self._heads = [weight_normed(under, f"head_code.{code}.").to(device) for code in range(self.codes)]
        self.end = len(self._heads[0]) - 1
        projector = f"{VOICE}projector."
        self._projector = checkpoint.fill(blank_projector(checkpoint, projector), projector, device=device)

    def start(self, steps: int) -> SpeechState:
        """An empty segment with room for so many steps of sound."""
        cache = self.backbone.new_cache(self.slots.sound + steps)
        cache.advance(self.slots.sound)  # zeros where text is not written yet
        return SpeechState(cache)

    @torch.inference_mode()
    def speaker(self, hidden: Tensor) -> Tensor:
        """The voice, from the language model's hidden state at its speaker token: (..., llm) -> (..., hidden)."""
        return F.normalize(self._projector(hidden.float()), dim=-1)

    def write(self, state: SpeechState, ids: Sequence[int], speaker: Tensor | None = None) -> None:
        """Write the next text slots. `speaker` (hidden,) stands where `ids` has the speaker token."""
        alone(self.write_steps(state, ids, speaker))

    def write_steps(self, state: SpeechState, ids: Sequence[int], speaker: Tensor | None = None) -> Steps[None]:
        """`write` as a step that several sessions can take together."""
        ids_in = torch.tensor(ids)
        rows = F.embedding(ids_in.to(self._text.device), self._text)
        if speaker is not None:
            rows[ids_in == self.speaker_token] = speaker.to(rows)
        assert state.written + len(rows) <= self.slots.sound, "the text is longer than its slots: start a new segment"
        yield ConditionOnText(self, state, rows)

    def step(self, state: SpeechState, codes: Sequence[int] | None, text_length: int) -> Tensor:
        """Feed the codes chosen last (None: the first step) -> logits (codes, V) of the next ones."""
        return alone(self.step_steps(state, codes, text_length))

    def step_steps(self, state: SpeechState, codes: Sequence[int] | None, text_length: int) -> Steps[Tensor]:
        seen = self.slots.visible(state.cache.length, text_length)[None]
        logits: Tensor = yield DecodeCodes(self, state, self._sound_rows([codes]), seen)
        return logits

    def seed(self, state: SpeechState, codes: Sequence[Sequence[int]], text_length: int) -> None:
        """Begin a segment with sound made already, so that the voice goes on as it was.

        As published: all of it in one pass in which every row sees every other one, later ones included.
        """
        alone(self.seed_steps(state, codes, text_length))

    def seed_steps(self, state: SpeechState, codes: Sequence[Sequence[int]], text_length: int) -> Steps[None]:
        rows = self._sound_rows([None, *codes])
        seen = self.slots.visible(state.cache.length + len(rows) - 1, text_length)
        yield DecodeCodes(self, state, rows, seen.expand(len(rows), -1))

    def _sound_rows(self, steps: Sequence[Sequence[int] | None]) -> Tensor:
        rows = [
            self._text[self.sound_start]
            if codes is None
            else torch.stack([table[code] for table, code in zip(self._sound, codes, strict=True)]).sum(0)
            for codes in steps
        ]
        return torch.stack(rows)

    def fill_slots(self, states: Sequence[SpeechState], rows: Sequence[Tensor]) -> None:
        """The next text slots of each of these segments, in one pass."""
        ends = [state.cache.length for state in states]
        for state in states:
            state.cache.rewind(state.written)
        try:
            self.backbone.forward_batch([state.cache for state in states], rows)
        finally:  # where that failed, nothing was written
            for state, end in zip(states, ends, strict=True):
                state.written = state.cache.length
                state.cache.advance(end - state.written)

    @torch.inference_mode()
    def go_on(self, states: Sequence[SpeechState], rows: Sequence[Tensor], seen: Sequence[Tensor]) -> Tensor:
        """Rows of sound of each of these segments, in one pass -> logits (segments, codes, V) behind their last."""
        hidden = self.backbone.forward_batch([state.cache for state in states], rows, masks=seen)
        for state, fed in zip(states, rows, strict=True):
            state.steps += len(fed)
        last = torch.stack([each[-1] for each in hidden]).float()
        return torch.stack([F.linear(last, head) for head in self._heads], dim=1)

    def probabilities(self, logits: Tensor, first: bool, may_end: bool) -> Tensor:
        """What is sampled from, (codes, V). `first`: the segment's first step, which is not narrowed down."""
        temperatures = torch.tensor(TEMPERATURES[: self.codes], device=logits.device)
        scores = logits / temperatures[:, None]
        if not first:
            scores = narrowed(scores, TOP_P, TOP_K)
        if not may_end:
            scores[:, self.end] = -torch.inf
        return scores.softmax(-1)


@dataclass(frozen=True, slots=True, eq=False)
class ConditionOnText:
    """The next text slots of a segment, rows (n, width)."""

    voice: SpeechDecoderO26
    state: SpeechState
    rows: Tensor
    stage: Stage = Stage.WRITE

    def alike(self) -> Hashable:
        return id(self.voice)

    def together(self, requests: Sequence[ConditionOnText]) -> Sequence[None]:
        self.voice.fill_slots([one.state for one in requests], [one.rows for one in requests])
        return [None] * len(requests)


@dataclass(frozen=True, slots=True, eq=False)
class DecodeCodes:
    """Rows of sound (n, width) of a segment, and what they see -> logits (codes, V) behind the last."""

    voice: SpeechDecoderO26
    state: SpeechState
    rows: Tensor
    seen: Tensor
    stage: Stage = Stage.SPEAK

    def alike(self) -> Hashable:
        return id(self.voice)

    def together(self, requests: Sequence[DecodeCodes]) -> Sequence[Tensor]:
        states, rows, seen = zip(*((one.state, one.rows, one.seen) for one in requests), strict=True)
        return list(self.voice.go_on(states, rows, seen))
