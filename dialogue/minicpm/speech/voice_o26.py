"""o 2.6 says it aloud: text as it is written, to sound at 24 kHz, in the voice of a speaker vector.

Ten tokens of text, then half a second of sound, and so on; what is left is spoken when the text has ended. A long
answer is spoken in segments, each begun with the end of the one before. The timing of text and sound is the
published one; when to begin a segment is our own, since a sentence must not be cut.
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
CALL = 25  # steps of sound at a time: 0.53 s
AGAIN = 4  # codes that are decoded again with the next ones, for the seam
SAMPLES_A_CODE = 512
SEED_TEXT, SEED_SOUND = 5, 50  # what a segment begins with of the one before
LONG = 180  # tokens of text after which the end of a sentence ends the segment
MOST_STEPS = 2048  # of sound in a segment
_SENTENCE_END = re.compile(r"[.!?;。！？；]\s*$")


@dataclass(frozen=True, eq=False)
class VoiceO26:
    """Weights, shared by all sessions."""

    speech: SpeechDecoderO26
    decoder: CodeDecoder
    vocos: Vocos
    words: Vocabulary

    @classmethod
    def of(cls, checkpoint: Checkpoint, precision: Precision = "float32", device: str = "cpu") -> VoiceO26:
        """From the checkpoint and the files in its `assets` folder."""
        assets = checkpoint.folder / ASSETS
        return cls(
            speech=SpeechDecoderO26(checkpoint, precision, device),
            decoder=CodeDecoder.of(checkpoint, device),
            vocos=Vocos(_vocoder_tensors(assets)).to(device),
            words=Vocabulary(assets / "chattts_tokenizer" / "tokenizer.json"),
        )

    @property
    def segment_rows(self) -> int:
        """Room that a segment's cache is given."""
        return self.speech.slots.sound + MOST_STEPS + SEED_SOUND

    @torch.inference_mode()
    def sound(self, codes: Sequence[Sequence[Sequence[int]]]) -> Tensor:
        """Codes (voices, n, 4) -> float32 (voices, n * SAMPLES_A_CODE)."""
        made: Tensor = self.vocos(self.decoder(torch.tensor(codes, device=self.vocos.window.device)))
        return made.cpu()


@dataclass(frozen=True, slots=True, eq=False)
class ToSound:
    """Codes (n, 4) of an answer -> its sound (n * SAMPLES_A_CODE,)."""

    voice: VoiceO26
    codes: Sequence[Sequence[int]]
    stage: Stage = Stage.SOUND

    def alike(self) -> Hashable:
        return id(self.voice), len(self.codes)

    def together(self, requests: Sequence[ToSound]) -> Sequence[Tensor]:
        return list(self.voice.sound([one.codes for one in requests]))


class SpeechStreamO26:
    """One answer of one session. `hidden` is the language model's hidden state at its speaker token."""

    def __init__(self, voice: VoiceO26, hidden: Tensor, generator: torch.Generator | None = None) -> None:
        self._voice, self._generator = voice, generator
        self._vector = voice.speech.speaker(hidden)
        self._joiner = Joiner(AGAIN * SAMPLES_A_CODE)
        self._text = ""  # not yet given to the segment
        self._waiting: list[int] = []  # its tokens
        self._codes: list[list[int]] = []  # of the segment
        self._spoken: list[int] = []  # tokens of the segment
        self._whole = False  # the segment has all its text: now its sound may end
        self._ended = False
        self.state = voice.speech.start(MOST_STEPS + SEED_SOUND)

    def add(self, text: str) -> Stream[Tensor]:
        """Sound (n,) that can be made now that this text has been written."""
        self._text += text.replace("*", "")
        self._take_words(last=False)
        step = self._voice.speech.slots.text_step
        while len(self._waiting) >= step:
            yield from self.speak(self._waiting[:step])
            self._waiting = self._waiting[step:]
        if len(self._spoken) >= LONG and _SENTENCE_END.search(self._voice.words.decode(self._spoken)):
            yield from self._finish_segment()
            yield from self._next_segment()

    def end(self) -> Stream[Tensor]:
        """The rest of the sound: no more text will come."""
        self._take_words(last=True)
        step = self._voice.speech.slots.text_step
        for begun in range(0, len(self._waiting), step):
            yield from self.speak(self._waiting[begun : begun + step])
        self._waiting = []
        if self._spoken:
            yield from self._finish_segment()
        yield from _if_any(self._joiner.end())

    def _take_words(self, last: bool) -> None:
        """Whole words only: how a word is cut into tokens depends on its end."""
        end = len(self._text) if last else self._text.rfind(" ") + 1
        self._waiting += self._voice.words.encode(self._text[:end], begin=False)
        self._text = self._text[end:]

    def speak(self, ids: list[int]) -> Stream[Tensor]:
        """Sound that can be made now that these tokens of the voice's have been written."""
        room = self._voice.speech.slots.text - len(self._spoken) - 1
        if len(ids) > room:  # a sentence that does not end: cut it where the slots do
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
        while not self._ended and self.state.steps < MOST_STEPS - CALL:
            yield from self._call()

    def _next_segment(self) -> Steps[None]:
        """A new one, which begins with the last words and the last sound of this one."""
        codes, self._spoken = self._codes[-SEED_SOUND:], self._spoken[-SEED_TEXT:]
        self.state = self._voice.speech.start(MOST_STEPS + SEED_SOUND)
        self._whole = self._ended = False
        yield from self._voice.speech.write_steps(self.state, [*self._opening(), *self._spoken], self._vector)
        if codes:
            yield from self._voice.speech.seed_steps(self.state, codes[:-1], len(self._spoken))
        self._codes = codes

    def _call(self) -> Stream[Tensor]:
        """Up to CALL steps of sound."""
        if self._ended:
            return
        begun = len(self._codes)
        speech = self._voice.speech
        for step in range(CALL):
            last = self._codes[-1] if self._codes else None
            logits = yield from speech.step_steps(self.state, last, len(self._spoken))
            spread = speech.probabilities(logits, self.state.steps == 1, self._whole and step >= FIRST_STEPS)
            codes = torch.multinomial(spread, 1, generator=self._generator)[:, 0].tolist()
            if speech.end in codes:
                self._ended = True
                break
            self._codes.append(codes)
        if len(self._codes) > begun:
            sound: Tensor = yield ToSound(self._voice, self._codes[max(begun - AGAIN, 0) :])
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
        except Exception as error:  # torch raises whatever its unpickler meets in a damaged file
            raise BadInput(f"{path.name} is damaged or cut off ({error}); download it again.") from error
        return {key: tensor for key, tensor in found.items() if isinstance(tensor, Tensor)}
    raise BadInput(f"{assets} has no Vocos.pt, without which o 2.6 has no sound; download the model with its assets.")
