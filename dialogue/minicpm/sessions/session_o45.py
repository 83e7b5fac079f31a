"""A conversation with o 4.5 by turns: units are taken in as they come, an answer is made when it is asked for.

Lays out the turns, keeps the state of one session, and forgets whole rounds when the context has grown long. Makes
pieces of text with their hidden states, which is what the voice needs; no sound.
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
from dialogue.minicpm.audio.audio_encoder import EarMark, EncoderCache
from dialogue.minicpm.audio.mel import RATE, MelStream, Samples
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O45
from dialogue.minicpm.chat.request import Part, RequestPrompt, make_prompt
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex_senses import LEAD

PIECE = 10  # tokens of text that the voice gets at a time
RECENT = 128  # earlier tokens that the repetition penalty covers, besides those of the current piece
SAMPLING = SamplingConfig(temperature=0.7, top_k=100, top_p=0.8, penalty=1.02)
UNSPEAKABLE = (":", "#", "@", "*", "(", ")", "[", "]", "&", "/", "$")  # not to be read aloud
CLOSING = "<|tts_eos|><|im_end|>\n"  # of the assistant's turn, whatever it ended with
ENDS = ("<|tts_eos|>", "<|im_end|>")


@dataclass(frozen=True, slots=True, eq=False)
class TextPiece:
    """Text of an answer: its tokens, the hidden states (n, hidden) they were said with, and the raw logits (m, V) of
    the choices made for it, one ahead. `last`: the answer has come to its end."""

    tokens: list[int]
    hidden: Tensor
    logits: Tensor
    last: bool


@dataclass(frozen=True, slots=True, eq=False)
class SessionMarkO45:
    """A point in a session to come back to."""

    length: int
    rounds: tuple[int, ...]
    forgotten: int
    turn_open: bool
    ear: EncoderCache
    heard: EarMark
    mel: MelStream


class SessionO45:
    """One user's. Once more than `high` tokens are held when a user's turn begins, the oldest rounds go, whole, until
    at most `low` are; the introduction and the round that is going on stay."""

    def __init__(self, model: MiniCPM, capacity: int = 10_000, high: int = 8000, low: int = 6000) -> None:
        if model.hearing is None:
            raise BadInput("A session needs a checkpoint that hears; this one has no audio encoder.")
        self.model, self._hearing = model, model.hearing
        self.cache = model.decoder.new_cache(capacity)
        self.hidden: Tensor | None = None  # of the last row taken in
        self.protected = 0  # tokens of the introduction
        self._high, self._low = high, low
        self._rounds: deque[int] = deque()  # where in the cache each begins
        self._forgotten = 0
        self._ear = model.hearing.encoder.cache()
        self._mel = self._new_mel()
        self._turn_open = False  # the user's
        self._unspeakable = model.words.ids([*UNSPEAKABLE, "<unk>"]) | model.bad_tokens

    def introduce(self, parts: Sequence[Part]) -> RequestPrompt:
        """The system message; the voice to speak with is a Sound in it, heard whole."""
        assert self.cache.length == 0, "a conversation is introduced once"
        text = ["<|im_start|>system\n", *parts, "<|im_end|>\n"]
        made = self._take(make_prompt(self.model, text, hear=self._hear_whole))
        self.protected = self.cache.length
        return made

    def hear(self, parts: Sequence[Part]) -> RequestPrompt:
        """The next part of the user's turn: a Picture, a second of Sound, text."""
        if not self._turn_open:
            self._forget()
            closing = CLOSING if self._rounds else ""
            self._rounds.append(self.cache.length + len(self.model.words.encode(closing, begin=False)))
            parts = [f"{closing}<|im_start|>user\n", *parts]
            self._turn_open = True
        return self._take(make_prompt(self.model, parts, hear=self._listen, begin=False))

    def answer(
        self, limit: int = 512, sampling: SamplingConfig = SAMPLING, generator: torch.Generator | None = None
    ) -> Iterator[TextPiece]:
        """Pieces of the answer; closing the iterator breaks it off. Its end is never fed to the model."""
        words = self.model.words
        ids = words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O45}", begin=False)
        self._turn_open = False
        self._ear = self._hearing.encoder.cache()  # a new one: a mark may still hold the old
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
        mel = copy(self._mel)  # its tensors are replaced, never written into
        return SessionMarkO45(
            self.cache.length, tuple(self._rounds), self._forgotten, self._turn_open, self._ear, self._ear.mark(), mel
        )

    def rewind(self, place: SessionMarkO45) -> None:
        """As if nothing had happened since. Good until a round before it is forgotten."""
        assert place.forgotten == self._forgotten, "what the mark stood on has been forgotten"
        self.cache.rewind(place.length)
        self._rounds, self._turn_open, self._mel = deque(place.rounds), place.turn_open, copy(place.mel)
        self._ear = place.ear
        self._ear.rewind(place.heard)

    def _speakable(self, logits: Tensor) -> Tensor:
        logits = logits.clone()
        logits[list(self._unspeakable)] = -torch.inf
        return logits

    def _forget(self) -> None:
        """Drop the oldest rounds once there is too much. What is left is turned to its new positions."""
        if self.cache.length <= self._high:
            return
        while self.cache.length > self._low and len(self._rounds) > 1:
            first, second = self._rounds.popleft(), self._rounds[0]
            self.cache.cut(first, second, self.model.decoder.rotary)
            self._rounds = deque(begin - (second - first) for begin in self._rounds)
            self._forgotten += 1

    def _new_mel(self) -> MelStream:
        """The first second is made longer by silence in front, and all of it is kept."""
        return MelStream(0, LEAD, self._hearing.encoder.bins, first=RATE + LEAD)

    def _take(self, made: RequestPrompt) -> RequestPrompt:
        self.hidden = self._feed(made.rows)[-1]
        return made

    def _feed(self, inputs: Tensor) -> Tensor:
        if self.cache.length + len(inputs) > self.cache.capacity:
            raise EngineLost("The session's context is full; give it more room, and start again.")
        return self.model.decoder.forward(self.cache, inputs)

    def _hear_whole(self, clips: Sequence[Samples]) -> list[Tensor]:
        return self._hearing.whole(clips, look_ahead=True)

    def _listen(self, clips: Sequence[Samples]) -> list[Tensor]:
        """Seconds of sound, each with what was heard before it."""
        if any(len(clip) % RATE for clip in clips):
            raise BadInput("A session hears whole seconds of sound; collect more, or fill up with silence.")
        heard = [[self._hearing.step(self._ear, mel) for mel in self._mel.push(clip)] for clip in clips]
        return [torch.cat(parts) for parts in heard if parts]


def _recent(said: Sequence[int]) -> Sequence[int]:
    """The tokens that must not be said again so soon: those of the current piece, and some before it."""
    done = (len(said) - 1) // PIECE * PIECE + 1 if len(said) > PIECE else 0
    return said[max(done - RECENT, 0) :]
