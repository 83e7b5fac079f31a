"""A half-duplex session with o 4.5: prefills units as they arrive, generates a reply on demand.

The product talks with o 4.5 in full duplex (`duplex.py`). This session computes what the published half-duplex code
does, so it is the reference that the parity cases compare with; nothing in the product opens it.

Formats the turns, keeps the state of one session, and evicts whole rounds when the context is long. It generates
pieces of text with their hidden states, the input of the speech decoder, and no audio.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.errors import BadInput, EngineLost
from dialogue.llm.sampling import SamplingConfig, choose
from dialogue.minicpm.audio.audio_encoder import EncoderCache, EncoderMark
from dialogue.minicpm.audio.mel import RATE, MelStream, Samples
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O45
from dialogue.minicpm.chat.request import Part, RequestPrompt, make_prompt
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex_input import LEAD

PIECE = 10  # tokens of one piece for the speech decoder
RECENT = 128  # earlier tokens that the repetition penalty covers, besides those of the current piece
SAMPLING = SamplingConfig(temperature=0.7, top_k=100, top_p=0.8, penalty=1.02)
UNSPEAKABLE = (":", "#", "@", "*", "(", ")", "[", "]", "&", "/", "$")  # never chosen, since they cannot be spoken
CLOSING = "<|tts_eos|><|im_end|>\n"  # after the assistant's turn, however it ended
ENDS = ("<|tts_eos|>", "<|im_end|>")


@dataclass(frozen=True, slots=True, eq=False)
class TextPiece:
    """A piece of a reply: its tokens, their hidden states (n, hidden), and the raw logits (m, V) of all choices for it,
    including the token after it. `last`: the reply is complete."""

    tokens: list[int]
    hidden: Tensor
    logits: Tensor
    last: bool


@dataclass(frozen=True, slots=True, eq=False)
class SessionMarkO45:
    """A point in a session to rewind to."""

    length: int
    rounds: tuple[int, ...]
    forgotten: int
    turn_open: bool
    encoder_cache: EncoderCache
    encoder_mark: EncoderMark
    mel: MelStream


class SessionO45:
    """The session of one user. When a user's turn starts with more than `high` tokens in the cache, the oldest rounds
    are evicted until at most `low` tokens remain; the introduction and the current round stay."""

    def __init__(self, model: MiniCPM, capacity: int = 10_000, high: int = 8000, low: int = 6000) -> None:
        if model.audio is None:
            raise BadInput("A session needs an audio encoder, which this checkpoint lacks; use MiniCPM-o 4.5.")
        self.model, self._audio = model, model.audio
        self.cache = model.decoder.new_cache(capacity)
        self.hidden: Tensor | None = None  # of the last prefilled row
        self.protected = 0  # tokens of the introduction
        self._high, self._low = high, low
        self._rounds: deque[int] = deque()  # start of each round in the cache
        self._forgotten = 0
        self._encoder_cache = model.audio.encoder.cache()
        self._mel = self._new_mel()
        self._turn_open = False  # of the user
        self._unspeakable = model.words.ids([*UNSPEAKABLE, "<unk>"]) | model.bad_tokens

    def introduce(self, parts: Sequence[Part]) -> RequestPrompt:
        """Prefill the system message; the reference voice is an `EncodedSound` in it, encoded as a whole."""
        assert self.cache.length == 0, "`introduce` may be called once"
        text = ["<|im_start|>system\n", *parts, "<|im_end|>\n"]
        made = self._take(make_prompt(self.model, text, encode_clips=self._encode_whole))
        self.protected = self.cache.length
        return made

    def hear(self, parts: Sequence[Part]) -> RequestPrompt:
        """Prefill the next part of the user's turn: a picture, whole seconds of audio, text."""
        if not self._turn_open:
            self._evict_rounds()
            closing = CLOSING if self._rounds else ""
            self._rounds.append(self.cache.length + len(self.model.words.encode(closing, begin=False)))
            parts = [f"{closing}<|im_start|>user\n", *parts]
            self._turn_open = True
        return self._take(make_prompt(self.model, parts, encode_clips=self._encode_audio, begin=False))

    def answer(
        self, limit: int = 512, sampling: SamplingConfig = SAMPLING, generator: torch.Generator | None = None
    ) -> Iterator[TextPiece]:
        """Pieces of the reply; closing the iterator stops it. The end token is never fed to the model."""
        words = self.model.words
        ids = words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O45}", begin=False)
        self._turn_open = False
        self._encoder_cache = self._audio.encoder.cache()  # a new one: a mark may still hold the old
        self._mel = self._new_mel()
        row = self._feed(torch.tensor(ids))[-1]
        stops, said, given = words.ids(ENDS), list[int](), 0
        hidden: list[Tensor] = []
        raw: list[Tensor] = []
        while True:
            raw.append(self.model.decoder.logits(row))
            token = choose(self._speakable(raw[-1]), sampling, _recent(said), generator)
            over = token in stops or len(said) >= limit
            if given < len(said) and (over or len(said) - given == PIECE):
                yield TextPiece(said[given:], torch.stack(hidden), torch.stack(raw), last=token in stops)
                given, hidden, raw = len(said), [], []
            if over:
                return
            row = self._feed(torch.tensor([token]))[-1]
            said.append(token)
            hidden.append(row)

    def mark(self) -> SessionMarkO45:
        mel = copy(self._mel)  # tensors are replaced, never written into
        return SessionMarkO45(
            self.cache.length,
            tuple(self._rounds),
            self._forgotten,
            self._turn_open,
            self._encoder_cache,
            self._encoder_cache.mark(),
            mel,
        )

    def rewind(self, mark: SessionMarkO45) -> None:
        """Return to `mark`, which is valid until an earlier round is evicted."""
        assert mark.forgotten == self._forgotten, "the mark is invalid: an earlier round was evicted"
        self.cache.rewind(mark.length)
        self._rounds, self._turn_open, self._mel = deque(mark.rounds), mark.turn_open, copy(mark.mel)
        self._encoder_cache = mark.encoder_cache
        self._encoder_cache.rewind(mark.encoder_mark)

    def _speakable(self, logits: Tensor) -> Tensor:
        logits = logits.clone()
        logits[list(self._unspeakable)] = -torch.inf
        return logits

    def _evict_rounds(self) -> None:
        """Evict the oldest rounds above the limit. Remaining keys are rotated to their new positions."""
        if self.cache.length <= self._high:
            return
        while self.cache.length > self._low and len(self._rounds) > 1:
            first, second = self._rounds.popleft(), self._rounds[0]
            self.cache.cut(first, second, self.model.decoder.rotary)
            self._rounds = deque(begin - (second - first) for begin in self._rounds)
            self._forgotten += 1

    def _new_mel(self) -> MelStream:
        """A mel stream whose first second is extended with silence in front, all of it in the first piece."""
        return MelStream(0, LEAD, self._audio.encoder.bins, first=RATE + LEAD)

    def _take(self, made: RequestPrompt) -> RequestPrompt:
        self.hidden = self._feed(made.rows)[-1]
        return made

    def _feed(self, inputs: Tensor) -> Tensor:
        if self.cache.length + len(inputs) > self.cache.capacity:
            raise EngineLost("The context of the session is full; use a larger context and start again.")
        return self.model.decoder.forward(self.cache, inputs)

    def _encode_whole(self, clips: Sequence[Samples]) -> list[Tensor]:
        return self._audio.whole(clips, look_ahead=True)

    def _encode_audio(self, clips: Sequence[Samples]) -> list[Tensor]:
        """Rows of whole seconds of audio, each encoded after the audio before it."""
        if any(len(clip) % RATE for clip in clips):
            raise BadInput("A session takes whole seconds of audio; collect more samples, or pad with silence.")
        heard = [[self._audio.step(self._encoder_cache, mel) for mel in self._mel.push(clip)] for clip in clips]
        return [torch.cat(parts) for parts in heard if parts]


def _recent(said: Sequence[int]) -> Sequence[int]:
    """The tokens that the repetition penalty covers: the current piece, and RECENT tokens before it."""
    done = (len(said) - 1) // PIECE * PIECE + 1 if len(said) > PIECE else 0
    return said[max(done - RECENT, 0) :]
