"""Streaming TTS of o 2.6: text as it is generated to 24 kHz audio in the voice of a speaker embedding.

Ten tokens of text alternate with half a second of audio; the rest is spoken when the text ends. A long reply is
spoken in segments, each seeded with the end of the previous one. The timing of text and audio is the published one;
the segment boundaries are this project's, so that no sentence is cut.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.batching import Output, Stage, Steps, Stream
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.precision import Precision
from dialogue.minicpm.speech.dvae import CodeDecoder
from dialogue.minicpm.speech.speech_o26 import FIRST_STEPS, SpeechDecoderO26
from dialogue.minicpm.speech.vocos import Joiner, Vocos

RATE = 24_000
ASSETS = "assets"
CALL_STEPS = 25  # audio steps of one call: 0.53 s
OVERLAP_CODES = 4  # codes that are decoded again with the next call, for the crossfade
SAMPLES_PER_CODE = 512
SEED_TEXT, SEED_SOUND = 5, 50  # tokens and codes of the previous segment that seed the next
LONG_SEGMENT = 180  # tokens of text after which the end of a sentence ends the segment
MAX_STEPS = 2048  # audio steps of a segment
_SENTENCE_END = re.compile(r"[.!?;。！？；]\s*$")


@dataclass(frozen=True, eq=False)
class VoiceO26:
    """The weights, shared by all sessions."""

    speech: SpeechDecoderO26
    decoder: CodeDecoder
    vocos: Vocos
    words: Vocabulary

    @classmethod
    def of(cls, checkpoint: Checkpoint, precision: Precision = "float32", device: str = "cpu") -> VoiceO26:
        """Load from the checkpoint and the files in its `assets` folder."""
        assets = checkpoint.folder / ASSETS
        return cls(
            speech=SpeechDecoderO26(checkpoint, precision, device),
            decoder=CodeDecoder.of(checkpoint, device),
            vocos=Vocos(_vocoder_tensors(assets)).to(device),
            words=Vocabulary(assets / "chattts_tokenizer" / "tokenizer.json"),
        )

    @property
    def segment_rows(self) -> int:
        """Capacity of a segment's cache."""
        return self.speech.slots.sound + MAX_STEPS + SEED_SOUND

    @torch.inference_mode()
    def sound(self, codes: Sequence[Sequence[Sequence[int]]]) -> Tensor:
        """Codes (replies, n, 4) -> float32 audio (replies, n * SAMPLES_PER_CODE)."""
        made: Tensor = self.vocos(self.decoder(torch.tensor(codes, device=self.vocos.window.device)))
        return made.cpu()


@dataclass(frozen=True, slots=True, eq=False)
class DecodeWaveform:
    """Codes (n, 4) of one reply -> audio (n * SAMPLES_PER_CODE,)."""

    voice: VoiceO26
    codes: Sequence[Sequence[int]]
    stage: Stage = Stage.SOUND

    def batch_key(self) -> Hashable:
        return id(self.voice), len(self.codes)

    def compute_batch(self, requests: Sequence[DecodeWaveform]) -> Sequence[Tensor]:
        return list(self.voice.sound([one.codes for one in requests]))


class SpeechStreamO26:
    """Speech of one reply of one session. `hidden` is the language model's hidden state at its speaker token."""

    def __init__(self, voice: VoiceO26, hidden: Tensor, generator: torch.Generator | None = None) -> None:
        self._voice, self._generator = voice, generator
        self._vector = voice.speech.speaker(hidden)
        self._joiner = Joiner(OVERLAP_CODES * SAMPLES_PER_CODE)
        self._text = ""  # text that is not tokenised yet
        self._waiting: list[int] = []  # tokens that are not in the segment yet
        self._codes: list[list[int]] = []  # codes of the segment
        self._spoken: list[int] = []  # tokens of the segment
        self._whole = False  # the segment has all its text: its audio may end
        self._ended = False
        self.state = voice.speech.start(MAX_STEPS + SEED_SOUND)

    def add(self, text: str) -> Stream[Tensor]:
        """More text; outputs the audio (n,) that it completes."""
        self._text += text.replace("*", "")
        self._take_words(last=False)
        step = self._voice.speech.slots.text_step
        while len(self._waiting) >= step:
            yield from self.speak(self._waiting[:step])
            self._waiting = self._waiting[step:]
        if len(self._spoken) >= LONG_SEGMENT and _SENTENCE_END.search(self._voice.words.decode(self._spoken)):
            yield from self._finish_segment()
            yield from self._next_segment()

    def end(self) -> Stream[Tensor]:
        """The text is complete; outputs the rest of the audio."""
        self._take_words(last=True)
        step = self._voice.speech.slots.text_step
        for begun in range(0, len(self._waiting), step):
            yield from self.speak(self._waiting[begun : begun + step])
        self._waiting = []
        if self._spoken:
            yield from self._finish_segment()
        yield from _if_any(self._joiner.end())

    def _take_words(self, last: bool) -> None:
        """Tokenise whole words only: the tokens of a word depend on its end."""
        end = len(self._text) if last else self._text.rfind(" ") + 1
        self._waiting += self._voice.words.encode(self._text[:end], begin=False)
        self._text = self._text[end:]

    def speak(self, ids: list[int]) -> Stream[Tensor]:
        """Speak these tokens of the voice's vocabulary; outputs audio (n,)."""
        room = self._voice.speech.slots.text - len(self._spoken) - 1
        if len(ids) > room:  # a very long sentence is cut where the slots end
            yield from self._finish_segment()
            yield from self._next_segment()
        yield from self._voice.speech.write_steps(self.state, [*self._opening(), *ids], self._vector)
        self._spoken += ids
        yield from self._call()

    def _opening(self) -> list[int]:
        first = self.state.written == 0
        return [self._voice.words.id("[Stts]"), self._voice.speech.speaker_token] if first else []

    def _finish_segment(self) -> Stream[Tensor]:
        speech = self._voice.speech
        yield from speech.write_steps(self.state, [*self._opening(), speech.text_end], self._vector)
        self._whole = True
        while not self._ended and self.state.steps < MAX_STEPS - CALL_STEPS:
            yield from self._call()

    def _next_segment(self) -> Steps[None]:
        """Start a segment with the last words and codes of the current one."""
        codes, self._spoken = self._codes[-SEED_SOUND:], self._spoken[-SEED_TEXT:]
        self.state = self._voice.speech.start(MAX_STEPS + SEED_SOUND)
        self._whole = self._ended = False
        yield from self._voice.speech.write_steps(self.state, [*self._opening(), *self._spoken], self._vector)
        if codes:
            yield from self._voice.speech.seed_steps(self.state, codes[:-1], len(self._spoken))
        self._codes = codes

    def _call(self) -> Stream[Tensor]:
        """Decode up to CALL_STEPS audio steps."""
        if self._ended:
            return
        begun = len(self._codes)
        speech = self._voice.speech
        for step in range(CALL_STEPS):
            last = self._codes[-1] if self._codes else None
            logits = yield from speech.step_steps(self.state, last, len(self._spoken))
            spread = speech.probabilities(logits, self.state.steps == 1, self._whole and step >= FIRST_STEPS)
            codes = torch.multinomial(spread, 1, generator=self._generator)[:, 0].tolist()
            if speech.end in codes:
                self._ended = True
                break
            self._codes.append(codes)
        if len(self._codes) > begun:
            sound: Tensor = yield DecodeWaveform(self._voice, self._codes[max(begun - OVERLAP_CODES, 0) :])
            yield from _if_any(self._joiner.add(sound))


def _if_any(sound: Tensor) -> Stream[Tensor]:
    if len(sound):
        yield Output(sound)


def _vocoder_tensors(assets: Path) -> dict[str, Tensor]:
    for name in ("vocos.safetensors", "Vocos.pt"):
        path = assets / name
        if not path.exists():
            continue
        try:
            found = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
        except Exception as error:  # torch passes on any error of its unpickler
            raise BadInput(f"{path.name} is damaged or cut off ({error}); download it again.") from error
        return {key: tensor for key, tensor in found.items() if isinstance(tensor, Tensor)}
    raise BadInput(f"{assets} has no Vocos.pt, which o 2.6 needs to speak; download the model with its assets.")
