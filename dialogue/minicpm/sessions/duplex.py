"""Full duplex with o 4.5: a unit a second, in which it hears and sees, decides to listen or to speak, and speaks.

One object is one session; the weights are shared. Makes text and codes of sound, no waveform. Knows no clock: who
calls it once a second is not its business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dialogue.errors import EngineLost
from dialogue.llm.batching import Fed, Feed, Steps, alone, run_together
from dialogue.minicpm.audio.mel import Samples
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.sessions.duplex_senses import UnitInput, UnitInputMark, UnitRows
from dialogue.minicpm.sessions.window import RecapWindow, SlidingWindow, Window, WindowUnit
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S, Choose, SpeechDecoderO45, SpeechMark, SpeechTurn, sampled

MOST_STEPS = 20  # of a unit, its forced end included
PROMPT = "Streaming Omni Conversation."


@dataclass(frozen=True, slots=True, eq=False)
class SpokenPiece:
    """What the model made of a unit. `tokens` are all it chose, ends included; `spoken` those that became speech,
    `condition` the rows the voice got for them and `codes` its sound, 25 a second (None: it listened, or has no
    voice). `left` are the units that had to leave the context afterwards."""

    tokens: list[int]
    spoken: list[int]
    hidden: Tensor  # (spoken, hidden)
    text: str
    listening: bool
    turn_over: bool
    condition: Tensor | None
    codes: list[int] | None
    left: list[WindowUnit]


@dataclass(frozen=True, slots=True, eq=False)
class DuplexUnit:
    """What a unit is made of; see `Duplex.hear`, and `Duplex.say` for `listen`."""

    samples: Samples | None
    pictures: Sequence[EncodedPicture] = ()
    listen: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DuplexMark:
    """A point between two units to come back to, as long as the unit that follows it is in the context."""

    unit: int
    senses: UnitInputMark
    turn_open: bool
    recent: tuple[int, ...]  # tokens that must not be said again so soon
    speech: SpeechMark | None
    force_listen: int


class Duplex:
    """A session. `force_listen` units at its beginning are listened to, whatever the model would do; `capacity` is
    in tokens and must leave room for a unit above what the window keeps."""

    def __init__(
        self,
        model: MiniCPM,
        voice: SpeechDecoderO45 | None = None,
        window: Window | None = None,
        style: DuplexSampling | None = None,
        capacity: int = 10_000,
        force_listen: int = 0,
        generator: torch.Generator | None = None,
        choose_code: Choose | None = None,
    ) -> None:
        self.model, self.voice = model, voice
        self.signs = DuplexTokens.of(model.words)
        self.rule = TokenRule(self.signs, model.bad_tokens, style, generator)
        self.senses = UnitInput(model)
        self.window = window or SlidingWindow()
        self.cache = model.decoder.new_cache(capacity)
        self.speech: SpeechTurn | None = None
        self.turn_open = False  # the assistant has begun to speak and not come to an end
        self.logits: Tensor | None = None  # behind the last row, (V,)
        self._context: RecapWindow | None = None
        self._heard: UnitRows | None = None  # in the unit that is open
        self._force_listen = force_listen
        self._choose_code = choose_code or sampled(generator)

    @property
    def context(self) -> RecapWindow:
        assert self._context is not None, "prepare the session first"
        return self._context

    def prepare(self, prompt: str = PROMPT, reference: Samples | None = None) -> Tensor | None:
        """The system prompt, with the voice to speak with; returns the voice's rows. Once, before any unit."""
        before, after = f"<|im_start|>system\n{prompt}", "<|im_end|>"
        if reference is not None:
            before, after = f"{before}\n<|audio_start|>", f"<|audio_end|>{after}"
        return self.prepare_with(before, after, reference)

    def prepare_with(self, before: str, after: str, reference: Samples | None) -> Tensor | None:
        """`prepare` with the text around the voice spelt out."""
        assert self._context is None, "a session is prepared once"
        words, decoder = self.model.words, self.model.decoder
        first, last = (decoder.embed(torch.tensor(words.encode(text, begin=False))) for text in (before, after))
        rows = self.model.hearing.whole([reference])[0] if reference is not None and self.model.hearing else None
        system = [first, last] if rows is None else [first, rows.to(first), last]
        self._context = RecapWindow(decoder, self.cache, torch.cat(system), suffix=len(last))
        return rows

    def hear(self, samples: Samples | None, pictures: Sequence[EncodedPicture] = (), text: str = "") -> UnitRows:
        """A second of sound, and pictures of that second. Either may be missing, not both. `text`, what the user
        wrote meanwhile, stands behind them; where the model was trained to find it is not known."""
        return alone(self.hear_steps(samples, pictures, text))

    def hear_steps(
        self, samples: Samples | None, pictures: Sequence[EncodedPicture] = (), text: str = ""
    ) -> Steps[UnitRows]:
        """`hear` as steps that several sessions can take together."""
        made = yield from self.senses.unit(self.signs.unit, samples, pictures)
        if written := self.model.words.encode(self.model.words.plain(text), begin=False):
            rows = self.model.decoder.embed(torch.tensor(written)).to(made.rows)
            made = replace(made, tokens=[*made.tokens, *written], rows=torch.cat([made.rows, rows]))
        yield from self.hear_again(made)
        return made

    def hear_again(self, made: UnitRows) -> Steps[None]:
        """What `hear` made of a unit that has been rewound, without listening and looking a second time."""
        self._heard = made
        yield from self._feed(made.rows)

    def say(self, listen: bool = False) -> SpokenPiece:
        """What the model does with the unit it has just heard. `listen` makes it fall silent: a turn it is in the
        middle of is over."""
        return alone(self.say_steps(listen))

    def say_steps(self, listen: bool = False) -> Steps[SpokenPiece]:
        """`say` as steps that several sessions can take together."""
        listen = listen or self._force_listen > 0
        self._force_listen = max(self._force_listen - 1, 0)
        if listen:
            self.turn_open, self.speech = False, None
            tokens, hidden = [self.signs.listen], self._no_rows()
        else:
            tokens, hidden = yield from self._decide()
        # What ends the chunk was chosen but not fed yet: it goes with the end of the unit.
        yield from self._feed(torch.tensor([tokens[-1], self.signs.unit_end]), scored=False)
        ends = self.signs.ends_of_unit
        kept = [token for token in tokens if token not in ends]
        turn_over = bool(kept) and kept[-1] == self.signs.turn_end
        spoken = [token for token in tokens[1:] if token not in ends]
        listening = tokens[0] == self.signs.listen
        condition, codes = (None, None) if listening else (yield from self._speak(spoken, hidden, turn_over))
        self._close_unit(spoken)
        left = self.window.trim(self.context)
        text = self.model.words.decode(spoken)
        tokens.append(self.signs.unit_end)
        return SpokenPiece(tokens, spoken, hidden, text, listening, turn_over, condition, codes, left)

    def unit_steps(self, second: DuplexUnit) -> Steps[SpokenPiece]:
        """A whole unit."""
        yield from self.hear_steps(second.samples, second.pictures, second.text)
        return (yield from self.say_steps(second.listen))

    def repeat(self, tokens: Sequence[int]) -> Steps[None]:
        """Instead of `say`: these were the tokens of the unit, as in `SpokenPiece`, of which the user heard no
        more. The turn they belong to is over."""
        self.turn_open, self.speech = False, None
        yield from self._feed(torch.tensor(tokens))
        self._close_unit(tokens[1:])

    def mark(self) -> DuplexMark:
        """Where the next unit begins."""
        speech = self.speech.mark() if self.speech is not None and not self.speech.over else None
        recent = tuple(self.rule.history)
        return DuplexMark(
            self.context.next_unit, self.senses.mark(), self.turn_open, recent, speech, self._force_listen
        )

    def rewind(self, place: DuplexMark) -> None:
        """As if nothing had happened since; what left the context meanwhile does not come back."""
        self.senses.rewind(place.senses)
        self.forget_units(place)

    def forget_units(self, place: DuplexMark) -> None:
        """Like `rewind`, but what the ear has heard it goes on knowing."""
        self.context.rewind(place.unit)
        self.rule.history.clear()
        self.rule.history.extend(place.recent)
        self.turn_open, self.logits, self._force_listen = place.turn_open, None, place.force_listen
        self.speech = self.voice.rewind(place.speech) if self.voice and place.speech else None

    def _close_unit(self, spoken: Sequence[int]) -> None:
        heard = self._heard
        said = tuple(token for token in spoken if token not in self.model.words.special)
        pictures = heard.slices.shape[0] * heard.slices.shape[1] if heard and heard.slices is not None else 0
        self.context.close_unit(said, pictures, len(heard.sound) if heard and heard.sound is not None else 0)

    def _decide(self) -> Steps[tuple[list[int], Tensor]]:
        """The tokens of a unit up to its end, which is not fed yet, and the hidden states of those that are speech."""
        signs, tokens, hidden = self.signs, list[int](), [self._no_rows()]
        for step in range(MOST_STEPS):
            assert self.logits is not None, "a unit is heard before it is answered"
            token = signs.chunk_end if step == MOST_STEPS - 1 else self.rule.choose(self.logits)
            if token == signs.listen and self.turn_open:  # it may not fall silent in the middle of a turn
                token = signs.speech_start
            tokens.append(token)
            if token in signs.ends_of_unit:
                break
            row = yield from self._feed(torch.tensor([token]))
            self.turn_open = token != signs.turn_end
            if step:
                hidden.append(row)
        return tokens, torch.cat(hidden)

    def _no_rows(self) -> Tensor:
        return self.model.decoder.embed(torch.tensor([], dtype=torch.long))

    def _speak(
        self, spoken: Sequence[int], hidden: Tensor, last: bool
    ) -> Steps[tuple[Tensor | None, list[int] | None]]:
        """A second of sound for this unit's speech; the first and the last of a turn may be shorter."""
        if self.voice is None:
            return None, None
        if self.speech is None or self.speech.over:
            self.speech = self.voice.start(memory="full_attention")  # the checkpoint's own is for turns, not units
        condition = self.voice.opened(self.voice.condition(spoken, hidden))
        least = CODES_PER_S + 1 if self.speech.chunks and not last else 0
        codes = yield from self.voice.second(self.speech, condition, self._choose_code, least)
        self.speech.over = last
        return condition, codes

    def _feed(self, inputs: Tensor, scored: bool = True) -> Steps[Tensor]:
        """Tokens (T,) or rows (T, hidden) -> hidden states (T, hidden)."""
        if self.cache.length + len(inputs) > self.cache.capacity:
            raise EngineLost("The session's context is full; give it a window, or more room, and start again.")
        fed: Fed = yield Feed(self.model.decoder, self.context.cache, inputs, scored)
        self.logits = fed.logits
        return fed.hidden


def units_together(units: Sequence[tuple[Duplex, DuplexUnit]]) -> list[SpokenPiece | Exception]:
    """A unit of each of several sessions of one model; for each what was said, or what it raised."""
    return run_together([session.unit_steps(second) for session, second in units])
