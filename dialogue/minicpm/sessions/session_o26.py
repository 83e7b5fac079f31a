"""A conversation with o 2.6: units of picture and sound are taken in as they come, answers are made on demand.

Lays out the turns and keeps the state of one session; the weights are the model's. When the context is full the
oldest pictures leave it, then the oldest sound, then the oldest words; what stays moves up and is turned to its new
positions. The published session ends there instead. Makes tokens and the speaker's hidden state, no sound, and does
not decide whose turn it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.batching import Fed, Feed, Steps, alone, run_together
from dialogue.llm.generation import Step
from dialogue.llm.rolling_ledger import LedgerEntry, RollingLedger
from dialogue.llm.sampling import SamplingConfig, choose
from dialogue.minicpm.audio.audio_encoder import EarMark, EncoderCache
from dialogue.minicpm.audio.listening import EncodeAudio
from dialogue.minicpm.audio.mel import Samples, log_mel, pieces
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O26
from dialogue.minicpm.chat.request import Part, RequestPrompt, prompt_steps
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_ledger import Moment, entries_of

CALL = 3  # tokens made at a time: the repetition penalty starts anew with each call
NO_MOMENT = Moment()
INTRODUCED = "<|im_end|>\n"
SAMPLING = SamplingConfig(temperature=0.7, top_k=100, top_p=0.8, penalty=1.05)


@dataclass(frozen=True, slots=True)
class SessionMarkO26:
    """A point in a session to come back to: whatever was taken in from the number `step` on is forgotten."""

    step: int
    ear: EncoderCache
    heard: EarMark
    turn_open: bool
    spoke: bool
    unfinished: bool


class SessionO26:
    """One user's. `capacity` is in tokens of the language model; a unit is about 94. `room` of it is kept free for an
    answer when one begins."""

    def __init__(self, model: MiniCPM, capacity: int = 8192, room: int = 512) -> None:
        if model.hearing is None or model.sight is None:
            raise BadInput("A session needs a checkpoint that sees and hears; this one lacks a part.")
        self.model, self._hearing = model, model.hearing
        self.cache = model.decoder.new_cache(capacity)
        self.ledger = RollingLedger(capacity)
        self._left: list[LedgerEntry] = []  # what has left the context and was not asked for
        self._step = 0  # numbers what was taken in: only the newest may not leave the context
        self._room = min(room, capacity // 4)
        self._introduced = 0  # tokens of the introduction, up to where a recap goes
        self.speaker: Tensor | None = None  # hidden state of the voice to speak with, once an answer has begun
        self.hidden: Tensor | None = None  # of the last row taken in
        self._ear = model.hearing.encoder.cache()
        self._turn_open = False  # the user's
        self._spoke = False
        self.unfinished = False  # the last answer was broken off before its end

    @property
    def asked(self) -> bool:
        """Whether the user has said or shown something that was not answered."""
        return self._turn_open

    def introduce(self, parts: Sequence[Part]) -> RequestPrompt:
        """The first message: instructions, and the voice to speak with as a Sound between them."""
        assert self.cache.length == 0, "a conversation is introduced once"
        made = alone(self._take(["<|im_start|>user\n", *parts, INTRODUCED], NO_MOMENT, begin=True, pinned=True))
        self._introduced = len(made.ids) - len(self.model.words.encode(INTRODUCED, begin=False))
        self._ear = self._hearing.encoder.cache()  # a new one: a mark may still hold the old
        return made

    def hear(self, parts: Sequence[Part], moment: Moment = NO_MOMENT) -> RequestPrompt:
        """The next part of the user's turn. A unit is "<unit>", a Picture and a second of Sound."""
        return alone(self.hear_steps(parts, moment))

    def hear_steps(self, parts: Sequence[Part], moment: Moment = NO_MOMENT) -> Steps[RequestPrompt]:
        """`hear` as steps that several sessions can take together."""
        if self._turn_open:
            return (yield from self._take(parts, moment))
        opening = "<|im_start|>user\n"
        if self._spoke:
            opening = ("<|tts_eos|>" if self.unfinished else "") + "<|im_end|>\n" + opening
        made = yield from self._take([opening, *parts], moment)
        self._turn_open = True
        return made

    def answer(
        self,
        limit: int = 512,
        sampling: SamplingConfig = SAMPLING,
        generator: torch.Generator | None = None,
        stops: Collection[int] | None = None,
    ) -> Iterator[Step]:
        """Tokens of the answer; closing the iterator breaks it off. `stops` are the model's own by default."""
        made = ReplyStream(self, limit, sampling, generator, stops)
        while (step := alone(made.next_steps())) is not None:
            yield step

    def remember(self, text: str, whole: bool = True) -> None:
        """An answer that was not made just now: one that was cut where it was heard to, or one of a history."""
        alone(self.open_answer_steps())
        ids = self.model.words.encode(self.model.words.plain(text), begin=False)
        alone(self.feed_steps(ids))
        self.unfinished = not whole

    def heard_as(self, text: str, start: float, end: float) -> None:
        """The newest answer, as the user heard it."""
        self.ledger.annotate(text, start, end)

    def remind(self, text: str) -> None:
        """Put `text` at the end of the introduction, in place of what stood there. Nothing else is computed again."""
        words, decoder = self.model.words, self.model.decoder
        ids = words.encode(f"\n\n{words.plain(text)}", begin=False) if text else []
        self.cache.cut(*self.ledger.put_recap(0, self._introduced), decoder.rotary)
        self._make_room(len(ids))
        with self.cache.gap(self._introduced, len(ids), decoder.rotary):
            if ids:
                decoder.forward(self.cache, torch.tensor(ids))
        self.ledger.put_recap(len(ids), self._introduced)

    def take_left(self) -> list[LedgerEntry]:
        """What has left the context since this was asked last, oldest first."""
        left, self._left = self._left, []
        return left

    def mark(self) -> SessionMarkO26:
        return SessionMarkO26(self._step, self._ear, self._ear.mark(), self._turn_open, self._spoke, self.unfinished)

    def rewind(self, place: SessionMarkO26) -> None:
        """As if nothing had happened since; what left the context meanwhile does not come back."""
        kept = sum(entry.tokens for entry in self.ledger.entries if entry.turn < place.step)
        self.ledger.rewind(kept)
        self.cache.rewind(kept)
        self._ear = place.ear
        self._ear.rewind(place.heard)
        self._turn_open, self._spoke, self.unfinished = place.turn_open, place.spoke, place.unfinished

    def _take(
        self, parts: Sequence[Part], moment: Moment, begin: bool = False, pinned: bool = False
    ) -> Steps[RequestPrompt]:
        made = yield from prompt_steps(self.model, parts, self._listen, begin)
        self._make_room(len(made.ids))
        fed: Fed = yield Feed(self.model.decoder, self.cache, made.rows, scored=False)
        self.hidden = fed.hidden[-1]
        for entry in entries_of(made, self.model.words, self._step, moment, pinned):
            self.ledger.add(entry)
        self._step += 1
        return made

    def open_answer_steps(self, tokens: int = 0) -> Steps[tuple[list[int], Fed]]:
        """The beginning of an answer that may take so many tokens: its own, and what was made of them."""
        self._make_room(min(tokens, self._room))
        ids = self.model.words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O26}", begin=False)
        self._ear = self._hearing.encoder.cache()  # a new one: a mark may still hold the old
        self._turn_open, self._spoke, self.unfinished = False, True, True
        self._make_room(len(ids))
        fed: Fed = yield Feed(self.model.decoder, self.cache, torch.tensor(ids))
        self.speaker = fed.hidden[ids.index(self.model.words.id("<|spk|>"))]
        self.ledger.add(LedgerEntry("reply", len(ids), 0.0, 0.0, self._step))
        self._step += 1
        return ids, fed

    def feed_steps(self, ids: Sequence[int]) -> Steps[Fed]:
        """More of the answer, which stays whatever leaves."""
        self._make_room(len(ids), self._step - 1)
        fed: Fed = yield Feed(self.model.decoder, self.cache, torch.tensor(ids))
        self.ledger.extend(len(ids), 0.0)
        return fed

    def _make_room(self, tokens: int, step: int | None = None) -> None:
        """For tokens of that step, by default a new one. Raises BadInput where even an empty context is too small."""
        eviction = self.ledger.make_room(tokens, self._step if step is None else step)
        self._left += eviction.dropped
        for start, end in eviction.cuts:
            self.cache.cut(start, end, self.model.decoder.rotary)

    def _listen(self, clips: Sequence[Samples]) -> Steps[list[Tensor]]:
        """Every clip with what was heard before it, each one's mel made alone."""
        heard = []
        for clip in clips:
            rows = []
            for piece in pieces(clip):
                rows.append((yield EncodeAudio(self._hearing, self._ear, log_mel(piece, self._hearing.encoder.bins))))
            heard.append(torch.cat(rows))
        return heard


class ReplyStream:
    """An answer of one session, a token each time one is asked for. What is not asked for is never made."""

    def __init__(
        self,
        session: SessionO26,
        limit: int,
        sampling: SamplingConfig = SAMPLING,
        generator: torch.Generator | None = None,
        stops: Collection[int] | None = None,
    ) -> None:
        self._session, self._limit, self._sampling, self._generator = session, limit, sampling, generator
        self._stops = session.model.stops() if stops is None else stops
        self._recent: list[int] = []
        self._made = 0

    def next_steps(self) -> Steps[Step | None]:
        """The next token; None where the last one was an end or the limit is reached. The last one is never fed."""
        session = self._session
        if self._made == self._limit or (self._made and not session.unfinished):
            return None
        if self._made:
            fed = yield from session.feed_steps(self._recent[-1:])
        else:
            self._recent, fed = yield from session.open_answer_steps(self._limit)
        logits = fed.logits
        assert logits is not None
        token = choose(logits, self._sampling, self._said(), self._generator)
        self._made += 1
        self._recent.append(token)
        session.unfinished = token not in self._stops
        return Step(token, logits, fed.hidden[-1])

    def _said(self) -> list[int]:
        """What the repetition penalty sees."""
        if self._made and self._made % CALL == 0:
            del self._recent[:-1]
        return self._recent


def units_together(units: Sequence[tuple[SessionO26, Sequence[Part]]]) -> list[RequestPrompt | Exception]:
    """`hear` of several sessions of one model; for each what was made of it, or what it raised."""
    return run_together([session.hear_steps(parts) for session, parts in units])
