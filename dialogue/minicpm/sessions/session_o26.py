"""A half-duplex session with o 2.6: prefills units of picture and audio as they arrive, generates replies on demand.

Formats the turns and keeps the state of one session. When the context is full, the oldest pictures are evicted, then
the oldest audio, then the oldest text; the rest moves up and its keys are rotated to the new positions. The published
session ends there instead. It generates tokens and the speaker's hidden state, no audio, and takes no turns itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.batching import Fed, Feed, Steps, run_alone, run_batch
from dialogue.llm.generation import Step
from dialogue.llm.rolling_ledger import LedgerEntry, RollingLedger
from dialogue.llm.sampling import SamplingConfig, choose
from dialogue.minicpm.audio.audio_encoder import EncoderCache, EncoderMark
from dialogue.minicpm.audio.batched_encoding import EncodeAudio
from dialogue.minicpm.audio.mel import Samples, log_mel, pieces
from dialogue.minicpm.chat.conversation import SAMPLING
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O26
from dialogue.minicpm.chat.request import Part, RequestPrompt, prompt_steps
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_ledger import Moment, entries_of

CALL_TOKENS = 3  # tokens of one call, as published: the repetition penalty restarts with each call
NO_MOMENT = Moment()
INTRODUCTION_END = "<|im_end|>\n"


@dataclass(frozen=True, slots=True)
class SessionMarkO26:
    """A point in a session to rewind to: inputs from the number `step` on are forgotten."""

    step: int
    encoder_cache: EncoderCache
    encoder_mark: EncoderMark
    turn_open: bool
    spoke: bool
    unfinished: bool


class SessionO26:
    """The session of one user. `capacity` is in tokens of the language model; a unit takes about 94. When a reply
    starts, `room` tokens are kept free for it."""

    def __init__(self, model: MiniCPM, capacity: int = 8192, room: int = 512) -> None:
        if model.audio is None or model.vision is None:
            raise BadInput("A session needs a vision and an audio encoder; use a whole checkpoint of MiniCPM-o 2.6.")
        self.model, self._audio = model, model.audio
        self.cache = model.decoder.new_cache(capacity)
        self.ledger = RollingLedger(capacity)
        self._evicted: list[LedgerEntry] = []  # since the last `take_evicted`
        self._step = 0  # number of the next input: the newest input is never evicted
        self._room = min(room, capacity // 4)
        self._introduced = 0  # tokens of the introduction before the recap
        self.speaker: Tensor | None = None  # hidden state of the speaker token, once a reply has started
        self.hidden: Tensor | None = None  # of the last prefilled row
        self._encoder_cache = model.audio.encoder.cache()
        self._turn_open = False  # of the user
        self._spoke = False
        self.unfinished = False  # the last reply was stopped before its end

    @property
    def asked(self) -> bool:
        """Whether the user's turn awaits a reply."""
        return self._turn_open

    def introduce(self, parts: Sequence[Part]) -> RequestPrompt:
        """Prefill the first message: instructions, with the reference voice as an `EncodedSound` between them."""
        assert self.cache.length == 0, "`introduce` may be called once"
        made = run_alone(
            self._take(["<|im_start|>user\n", *parts, INTRODUCTION_END], NO_MOMENT, begin=True, pinned=True)
        )
        self._introduced = len(made.ids) - len(self.model.words.encode(INTRODUCTION_END, begin=False))
        self._encoder_cache = self._audio.encoder.cache()  # a new one: a mark may still hold the old
        return made

    def hear(self, parts: Sequence[Part], moment: Moment = NO_MOMENT) -> RequestPrompt:
        """Prefill the next part of the user's turn. A unit is "<unit>", a picture and a second of audio."""
        return run_alone(self.hear_steps(parts, moment))

    def hear_steps(self, parts: Sequence[Part], moment: Moment = NO_MOMENT) -> Steps[RequestPrompt]:
        """`hear` as steps that several sessions can batch."""
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
        """Tokens of the reply; closing the iterator stops it. `stops` defaults to those of the model."""
        made = ReplyStream(self, limit, sampling, generator, stops)
        while (step := run_alone(made.next_steps())) is not None:
            yield step

    def remember(self, text: str, whole: bool = True) -> None:
        """Enter a given reply: the heard part of an interrupted one (`whole=False`), or one of a history."""
        run_alone(self.open_answer_steps())
        ids = self.model.words.encode(self.model.words.plain(text), begin=False)
        run_alone(self.feed_steps(ids))
        self.unfinished = not whole

    def annotate_reply(self, text: str, start: float, end: float) -> None:
        """Note the text of the newest reply as the user heard it, with its times."""
        self.ledger.annotate(text, start, end)

    def set_recap(self, text: str) -> None:
        """Replace the recap at the end of the introduction with `text`. Nothing else is computed again."""
        words, decoder = self.model.words, self.model.decoder
        ids = words.encode(f"\n\n{words.plain(text)}", begin=False) if text else []
        self.cache.cut(*self.ledger.put_recap(0, self._introduced), decoder.rotary)
        self._make_room(len(ids))
        with self.cache.gap(self._introduced, len(ids), decoder.rotary):
            if ids:
                decoder.forward(self.cache, torch.tensor(ids))
        self.ledger.put_recap(len(ids), self._introduced)

    def take_evicted(self) -> list[LedgerEntry]:
        """The entries evicted since the last call, oldest first."""
        evicted, self._evicted = self._evicted, []
        return evicted

    def mark(self) -> SessionMarkO26:
        return SessionMarkO26(
            self._step, self._encoder_cache, self._encoder_cache.mark(), self._turn_open, self._spoke, self.unfinished
        )

    def rewind(self, mark: SessionMarkO26) -> None:
        """Return to `mark`. Entries that were evicted since stay evicted."""
        kept = sum(entry.tokens for entry in self.ledger.entries if entry.turn < mark.step)
        self.ledger.rewind(kept)
        self.cache.rewind(kept)
        self._encoder_cache = mark.encoder_cache
        self._encoder_cache.rewind(mark.encoder_mark)
        self._turn_open, self._spoke, self.unfinished = mark.turn_open, mark.spoke, mark.unfinished

    def _take(
        self, parts: Sequence[Part], moment: Moment, begin: bool = False, pinned: bool = False
    ) -> Steps[RequestPrompt]:
        made = yield from prompt_steps(self.model, parts, self._encode_audio, begin)
        self._make_room(len(made.ids))
        fed: Fed = yield Feed(self.model.decoder, self.cache, made.rows, scored=False)
        self.hidden = fed.hidden[-1]
        for entry in entries_of(made, self.model.words, self._step, moment, pinned):
            self.ledger.add(entry)
        self._step += 1
        return made

    def open_answer_steps(self, tokens: int = 0) -> Steps[tuple[list[int], Fed]]:
        """Open a reply of up to `tokens` tokens; returns the opening tokens and the result of feeding them."""
        self._make_room(min(tokens, self._room))
        ids = self.model.words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O26}", begin=False)
        self._encoder_cache = self._audio.encoder.cache()  # a new one: a mark may still hold the old
        self._turn_open, self._spoke, self.unfinished = False, True, True
        self._make_room(len(ids))
        fed: Fed = yield Feed(self.model.decoder, self.cache, torch.tensor(ids))
        self.speaker = fed.hidden[ids.index(self.model.words.id("<|spk|>"))]
        self.ledger.add(LedgerEntry("reply", len(ids), 0.0, 0.0, self._step))
        self._step += 1
        return ids, fed

    def feed_steps(self, ids: Sequence[int]) -> Steps[Fed]:
        """Append tokens to the reply, which is never evicted while it is open."""
        self._make_room(len(ids), self._step - 1)
        fed: Fed = yield Feed(self.model.decoder, self.cache, torch.tensor(ids))
        self.ledger.extend(len(ids), 0.0)
        return fed

    def _make_room(self, tokens: int, step: int | None = None) -> None:
        """Evict entries until `tokens` of `step` (default: a new one) fit. Raises BadInput if they can never fit."""
        eviction = self.ledger.make_room(tokens, self._step if step is None else step)
        self._evicted += eviction.dropped
        for start, end in eviction.cuts:
            self.cache.cut(start, end, self.model.decoder.rotary)

    def _encode_audio(self, clips: Sequence[Samples]) -> Steps[list[Tensor]]:
        """Rows of every clip, encoded after the audio before it; the mel of each clip is computed alone."""
        encoded = []
        for clip in clips:
            rows = []
            for piece in pieces(clip):
                mel = log_mel(piece, self._audio.encoder.bins)
                rows.append((yield EncodeAudio(self._audio, self._encoder_cache, mel)))
            encoded.append(torch.cat(rows))
        return encoded


class ReplyStream:
    """A reply of one session, generated token by token on demand."""

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
        """The next token; None after an end token or at the limit. The last token is never fed."""
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
        """The tokens that the repetition penalty covers."""
        if self._made and self._made % CALL_TOKENS == 0:
            del self._recent[:-1]
        return self._recent


def run_unit_batch(units: Sequence[tuple[SessionO26, Sequence[Part]]]) -> list[RequestPrompt | Exception]:
    """`hear` of several sessions of one model; for each its prompt, or the exception it raised."""
    return run_batch([session.hear_steps(parts) for session, parts in units])
