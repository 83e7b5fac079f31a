"""The speech decoder of o 2.6: text and a speaker embedding to audio codes, four codes a step.

A conditional decoder (after ChatTTS). Text fills slots reserved in front of the audio while audio steps are already
decoded behind them. The text visible to an audio step grows with the audio, so that speech starts with the first
words. Imports no language model, no mel and no sampling rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dialogue.llm.batching import Stage, Steps, run_alone
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.precision import Precision
from dialogue.minicpm.speech.speech_backbone import VOICE, backbone_of, blank_projector, filter_top, weight_normed
from dialogue.minicpm.speech.speech_request import SpeechRequest

TEMPERATURES = (0.1, 0.3, 0.1, 0.3)  # of the four codes of a step
TOP_P, TOP_K = 0.7, 20
FIRST_STEPS = 10  # of a call: the end code may not be chosen earlier


@dataclass(frozen=True, slots=True)
class TextSlots:
    """The layout in front of the audio: a start token, the speaker, and slots for `text` tokens of text."""

    speakers: int
    text: int
    text_step: int  # tokens of text that become visible after every `sound_step` audio steps
    sound_step: int

    @property
    def sound(self) -> int:
        """Position of the first audio step."""
        return 1 + self.speakers + self.text

    def visible(self, position: int, text_length: int) -> Tensor:
        """bool (position + 1,): the positions that the audio step at `position` sees once `text_length` text tokens
        are written. The slot of the first step is hidden from every step, itself included; later audio is causal."""
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
    steps: int = 0  # audio steps


class SpeechDecoderO26:
    """The weights, shared by all sessions."""

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
        """An empty segment with room for `steps` audio steps."""
        cache = self.backbone.new_cache(self.slots.sound + steps)
        cache.advance(self.slots.sound)  # zeros where text is not written yet
        return SpeechState(cache)

    @torch.inference_mode()
    def speaker(self, hidden: Tensor) -> Tensor:
        """The language model's hidden state at its speaker token (..., llm) -> speaker embedding (..., hidden)."""
        return F.normalize(self._projector(hidden.float()), dim=-1)

    def write(self, state: SpeechState, ids: Sequence[int], speaker: Tensor | None = None) -> None:
        """Fill the next text slots. `speaker` (hidden,) replaces the speaker token of `ids`."""
        run_alone(self.write_steps(state, ids, speaker))

    def write_steps(self, state: SpeechState, ids: Sequence[int], speaker: Tensor | None = None) -> Steps[None]:
        """`write` as a step that several sessions can batch."""
        ids_in = torch.tensor(ids)
        rows = F.embedding(ids_in.to(self._text.device), self._text)
        if speaker is not None:
            rows[ids_in == self.speaker_token] = speaker.to(rows)
        assert state.written + len(rows) <= self.slots.sound, "the text is longer than its slots: start a new segment"
        yield SpeechRequest(self.fill_slots, state, rows, Stage.WRITE)

    def step(self, state: SpeechState, codes: Sequence[int] | None, text_length: int) -> Tensor:
        """Feed the codes chosen last (None: the first step) -> logits (codes, V) of the next codes."""
        return run_alone(self.step_steps(state, codes, text_length))

    def step_steps(self, state: SpeechState, codes: Sequence[int] | None, text_length: int) -> Steps[Tensor]:
        seen = self.slots.visible(state.cache.length, text_length)[None]
        logits: Tensor = yield SpeechRequest(self.decode_codes, state, (self._sound_rows([codes]), seen))
        return logits

    def seed(self, state: SpeechState, codes: Sequence[Sequence[int]], text_length: int) -> None:
        """Start a segment with the last codes of the previous one, so that the voice continues unchanged.

        As published: one pass in which every row sees every other row, later ones included.
        """
        run_alone(self.seed_steps(state, codes, text_length))

    def seed_steps(self, state: SpeechState, codes: Sequence[Sequence[int]], text_length: int) -> Steps[None]:
        rows = self._sound_rows([None, *codes])
        seen = self.slots.visible(state.cache.length + len(rows) - 1, text_length)
        yield SpeechRequest(self.decode_codes, state, (rows, seen.expand(len(rows), -1)))

    def _sound_rows(self, steps: Sequence[Sequence[int] | None]) -> Tensor:
        rows = [
            self._text[self.sound_start]
            if codes is None
            else torch.stack([table[code] for table, code in zip(self._sound, codes, strict=True)]).sum(0)
            for codes in steps
        ]
        return torch.stack(rows)

    def fill_slots(self, states: Sequence[SpeechState], rows: Sequence[Tensor]) -> Sequence[None]:
        """Fill the next text slots of several segments in one pass: rows (n, width) for each."""
        ends = [state.cache.length for state in states]
        for state in states:
            state.cache.rewind(state.written)
        try:
            self.backbone.forward_batch([state.cache for state in states], rows)
        finally:  # after a failure nothing is written
            for state, end in zip(states, ends, strict=True):
                state.written = state.cache.length
                state.cache.advance(end - state.written)
        return [None] * len(states)

    @torch.inference_mode()
    def decode_codes(self, states: Sequence[SpeechState], inputs: Sequence[tuple[Tensor, Tensor]]) -> Sequence[Tensor]:
        """Audio rows (n, width) and their masks for several segments in one pass -> logits (codes, V) after the last
        row of each."""
        rows, seen = zip(*inputs, strict=True)
        hidden = self.backbone.forward_batch([state.cache for state in states], rows, masks=seen)
        for state, fed in zip(states, rows, strict=True):
            state.steps += len(fed)
        last = torch.stack([each[-1] for each in hidden]).float()
        return list(torch.stack([F.linear(last, head) for head in self._heads], dim=1))

    def probabilities(self, logits: Tensor, first: bool, may_end: bool) -> Tensor:
        """The distribution to sample from, (codes, V). `first`: the segment's first step, which is not filtered."""
        temperatures = torch.tensor(TEMPERATURES[: self.codes], device=logits.device)
        scores = logits / temperatures[:, None]
        if not first:
            scores = filter_top(scores, TOP_P, TOP_K)
        if not may_end:
            scores[:, self.end] = -torch.inf
        return scores.softmax(-1)
