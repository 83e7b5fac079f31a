"""Full duplex with o 4.5: in each unit of one second the model hears and sees, decides to listen or speak, and speaks.

One object is one session; the weights are shared. It generates text and audio codes, no waveform. It has no clock: the
caller provides one unit a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dialogue.errors import EngineLost
from dialogue.llm.batching import Fed, Feed, Steps, run_alone, run_batch
from dialogue.minicpm.audio.mel import Samples
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex_input import UnitInput, UnitInputMark, UnitRows
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.sessions.window import RecapWindow, SlidingWindow, Window, WindowUnit
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S, Choose, SpeechDecoderO45, SpeechMark, SpeechTurn, sampled

MAX_STEPS = 20  # decoding steps of a unit, its forced end included
PROMPT = "Streaming Omni Conversation."


@dataclass(frozen=True, slots=True, eq=False)
class SpokenPiece:
    """The output of one unit. `tokens` are all chosen tokens, ends included; `spoken` those that are spoken,
    `condition` their rows for the speech decoder and `codes` their audio codes, 25 a second (None: the model listened,
    or has no voice). `evicted` are the units that were evicted from the context afterwards."""

    tokens: list[int]
    spoken: list[int]
    hidden: Tensor  # (spoken, hidden)
    text: str
    listening: bool
    turn_over: bool
    condition: Tensor | None
    codes: list[int] | None
    evicted: list[WindowUnit]


@dataclass(frozen=True, slots=True, eq=False)
class DuplexUnit:
    """The input of one unit; see `Duplex.hear`, and `Duplex.say` for `listen`."""

    samples: Samples | None
    pictures: Sequence[EncodedPicture] = ()
    listen: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DuplexMark:
    """A point between two units to rewind to, valid while the unit after it is in the context."""

    unit: int
    input: UnitInputMark
    turn_open: bool
    recent: tuple[int, ...]  # history of the repetition penalty
    speech: SpeechMark | None
    force_listen: int


class Duplex:
    """A session. In the first `force_listen` units the model listens, whatever it would choose; `capacity` is in tokens
    and must exceed what the window keeps by at least one unit."""

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
        rule: TokenRule | None = None,
    ) -> None:
        self.model, self.voice = model, voice
        self.control = DuplexTokens.of(model.words)
        self.rule = rule or TokenRule(self.control, model.bad_tokens, style, generator)
        self.input = UnitInput(model)
        self.window = window or SlidingWindow()
        self.cache = model.decoder.new_cache(capacity)
        self.speech: SpeechTurn | None = None
        self.turn_open = False  # the assistant has started a turn and not ended it
        self.logits: Tensor | None = None  # after the last row, (V,)
        self._context: RecapWindow | None = None
        self._heard: UnitRows | None = None  # rows of the open unit
        self._force_listen = force_listen
        self._choose_code = choose_code or sampled(generator)

    @property
    def context(self) -> RecapWindow:
        assert self._context is not None, "call `prepare` first"
        return self._context

    def prepare(self, prompt: str = PROMPT, reference: Samples | None = None) -> Tensor | None:
        """Prefill the system prompt with the reference voice; returns the rows of the voice. Once, before any unit."""
        before, after = f"<|im_start|>system\n{prompt}", "<|im_end|>"
        if reference is not None:
            before, after = f"{before}\n<|audio_start|>", f"<|audio_end|>{after}"
        return self.prepare_with(before, after, reference)

    def prepare_with(self, before: str, after: str, reference: Samples | None) -> Tensor | None:
        """`prepare` with the text before and after the voice."""
        assert self._context is None, "`prepare` may be called once"
        words, decoder = self.model.words, self.model.decoder
        first, last = (decoder.embed(torch.tensor(words.encode(text, begin=False))) for text in (before, after))
        rows = self.model.audio.whole([reference])[0] if reference is not None and self.model.audio else None
        system = [first, last] if rows is None else [first, rows.to(first), last]
        self._context = RecapWindow(decoder, self.cache, torch.cat(system), suffix=len(last))
        return rows

    def hear(self, samples: Samples | None, pictures: Sequence[EncodedPicture] = (), text: str = "") -> UnitRows:
        """Prefill a second of audio and its pictures; one of the two may be missing. `text`, typed by the user in that
        second, follows them; the position used in training is not known."""
        return run_alone(self.hear_steps(samples, pictures, text))

    def hear_steps(
        self, samples: Samples | None, pictures: Sequence[EncodedPicture] = (), text: str = ""
    ) -> Steps[UnitRows]:
        """`hear` as steps that several sessions can batch."""
        made = yield from self.input.unit(self.control.unit, samples, pictures)
        if written := self.model.words.encode(self.model.words.plain(text), begin=False):
            rows = self.model.decoder.embed(torch.tensor(written)).to(made.rows)
            made = replace(made, tokens=[*made.tokens, *written], rows=torch.cat([made.rows, rows]))
        yield from self.hear_again(made)
        return made

    def hear_again(self, made: UnitRows) -> Steps[None]:
        """Prefill the rows of a rewound unit again, without encoding its audio and pictures a second time."""
        self._heard = made
        yield from self._feed(made.rows)

    def say(self, listen: bool = False) -> SpokenPiece:
        """Generate the output of the unit that was just heard. `listen` forces the model to listen, which ends an open
        turn."""
        return run_alone(self.say_steps(listen))

    def say_steps(self, listen: bool = False) -> Steps[SpokenPiece]:
        """`say` as steps that several sessions can batch."""
        listen = listen or self._force_listen > 0
        self._force_listen = max(self._force_listen - 1, 0)
        if listen:
            self.turn_open, self.speech = False, None
            tokens, hidden = [self.control.listen], self._no_rows()
        else:
            tokens, hidden = yield from self._decide()
        # The token that ends the chunk was chosen but not fed; it is fed with the end of the unit.
        yield from self._feed(torch.tensor([tokens[-1], self.control.unit_end]), scored=False)
        ends = self.control.ends_of_unit
        kept = [token for token in tokens if token not in ends]
        turn_over = bool(kept) and kept[-1] == self.control.turn_end
        spoken = [token for token in tokens[1:] if token not in ends]
        listening = tokens[0] == self.control.listen
        condition, codes = (None, None) if listening else (yield from self._speak(spoken, hidden, turn_over))
        self._close_unit(spoken)
        evicted = self.window.trim(self.context)
        text = self.model.words.decode(spoken)
        tokens.append(self.control.unit_end)
        return SpokenPiece(tokens, spoken, hidden, text, listening, turn_over, condition, codes, evicted)

    def unit_steps(self, second: DuplexUnit) -> Steps[SpokenPiece]:
        """`hear` and `say` of one unit."""
        yield from self.hear_steps(second.samples, second.pictures, second.text)
        return (yield from self.say_steps(second.listen))

    def repeat(self, tokens: Sequence[int]) -> Steps[None]:
        """Replaces `say` for a unit of which the user heard only `tokens` (as in `SpokenPiece`). Their turn is
        over."""
        self.turn_open, self.speech = False, None
        yield from self._feed(torch.tensor(tokens))
        self._close_unit(tokens[1:])

    def mark(self) -> DuplexMark:
        """A point before the next unit."""
        speech = self.speech.mark() if self.speech is not None and not self.speech.over else None
        recent = tuple(self.rule.history)
        return DuplexMark(self.context.next_unit, self.input.mark(), self.turn_open, recent, speech, self._force_listen)

    def rewind(self, mark: DuplexMark) -> None:
        """Return to `mark`. Units that were evicted since stay evicted."""
        self.input.rewind(mark.input)
        self.rewind_units(mark)

    def rewind_units(self, mark: DuplexMark) -> None:
        """Like `rewind`, but the state of the audio encoder stays."""
        self.context.rewind(mark.unit)
        self.rule.history.clear()
        self.rule.history.extend(mark.recent)
        self.turn_open, self.logits, self._force_listen = mark.turn_open, None, mark.force_listen
        self.speech = self.voice.rewind(mark.speech) if self.voice and mark.speech else None

    def _close_unit(self, spoken: Sequence[int]) -> None:
        heard = self._heard
        said = tuple(token for token in spoken if token not in self.model.words.special)
        pictures = heard.slices.shape[0] * heard.slices.shape[1] if heard and heard.slices is not None else 0
        self.context.close_unit(said, pictures, len(heard.sound) if heard and heard.sound is not None else 0)

    def _decide(self) -> Steps[tuple[list[int], Tensor]]:
        """The tokens of a unit up to its end, which is not fed yet, and the hidden states of spoken tokens."""
        control, tokens, hidden = self.control, list[int](), [self._no_rows()]
        for step in range(MAX_STEPS):
            assert self.logits is not None, "call `hear` before `say`"
            token = control.chunk_end if step == MAX_STEPS - 1 else self.rule.choose(self.logits)
            if token == control.listen and self.turn_open:  # listening within a turn is not allowed
                token = control.speech_start
            tokens.append(token)
            if token in control.ends_of_unit:
                break
            row = yield from self._feed(torch.tensor([token]))
            self.turn_open = token != control.turn_end
            if step:
                hidden.append(row)
        return tokens, torch.cat(hidden)

    def _no_rows(self) -> Tensor:
        return self.model.decoder.embed(torch.tensor([], dtype=torch.long))

    def _speak(
        self, spoken: Sequence[int], hidden: Tensor, last: bool
    ) -> Steps[tuple[Tensor | None, list[int] | None]]:
        """Audio codes of this unit's speech, one second; the first and last unit of a turn may be shorter."""
        if self.voice is None:
            return None, None
        if self.speech is None or self.speech.over:
            self.speech = self.voice.start(memory="full_attention")  # the checkpoint's setting is for half duplex
        condition = self.voice.with_start(self.voice.condition(spoken, hidden))
        least = CODES_PER_S + 1 if self.speech.chunks and not last else 0
        codes = yield from self.voice.second(self.speech, condition, self._choose_code, least)
        self.speech.over = last
        return condition, codes

    def _feed(self, inputs: Tensor, scored: bool = True) -> Steps[Tensor]:
        """Tokens (T,) or rows (T, hidden) -> hidden states (T, hidden)."""
        if self.cache.length + len(inputs) > self.cache.capacity:
            raise EngineLost("The context of the session is full; use a window or a larger context and start again.")
        fed: Fed = yield Feed(self.model.decoder, self.context.cache, inputs, scored)
        self.logits = fed.logits
        return fed.hidden


def run_unit_batch(units: Sequence[tuple[Duplex, DuplexUnit]]) -> list[SpokenPiece | Exception]:
    """One unit of each of several sessions of one model; for each its output, or the exception it raised."""
    return run_batch([session.unit_steps(second) for session, second in units])
