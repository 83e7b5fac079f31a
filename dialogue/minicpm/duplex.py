"""Full duplex with o 4.5: a unit a second, in which it hears and sees, decides to listen or to speak, and speaks.

One object is one session; the weights are shared. Makes text and codes of sound, no waveform. Knows no clock: who
calls it once a second is not its business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.errors import EngineLost
from dialogue.minicpm.duplex_rule import Manner, Signs, TokenRule
from dialogue.minicpm.duplex_senses import Senses, UnitRows
from dialogue.minicpm.mel import Samples
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.request import Picture
from dialogue.minicpm.speech_o45 import CODES_PER_S, Choose, SpeechDecoder, SpeechTurn, sampled
from dialogue.minicpm.window import Basic, Context, Unit, Window

MOST_STEPS = 20  # of a unit, its forced end included
PROMPT = "Streaming Omni Conversation."


@dataclass(frozen=True, slots=True, eq=False)
class Said:
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
    left: list[Unit]


class Duplex:
    """A session. `force_listen` units at its beginning are listened to, whatever the model would do; `capacity` is
    in tokens and must leave room for a unit above what the window keeps."""

    def __init__(
        self,
        model: MiniCPM,
        voice: SpeechDecoder | None = None,
        window: Window | None = None,
        manner: Manner | None = None,
        capacity: int = 10_000,
        force_listen: int = 0,
        generator: torch.Generator | None = None,
        choose_code: Choose | None = None,
    ) -> None:
        self.model, self.voice = model, voice
        self.signs = Signs.of(model.words)
        self.rule = TokenRule(self.signs, model.bad_tokens, manner, generator)
        self.senses = Senses(model)
        self.window = window or Basic()
        self.cache = model.decoder.new_cache(capacity)
        self.speech: SpeechTurn | None = None
        self.turn_open = False  # the assistant has begun to speak and not come to an end
        self.logits: Tensor | None = None  # behind the last row, (V,)
        self._context: Context | None = None
        self._force_listen = force_listen
        self._choose_code = choose_code or sampled(generator)

    @property
    def context(self) -> Context:
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
        self._context = Context(decoder, self.cache, torch.cat(system), suffix=len(last))
        return rows

    def hear(self, samples: Samples | None, pictures: Sequence[Picture] = ()) -> UnitRows:
        """A second of sound, and pictures of that second. Either may be missing, not both."""
        made = self.senses.unit(self.signs.unit, samples, pictures)
        self._feed(self.context, made.rows)
        return made

    def say(self, listen: bool = False) -> Said:
        """What the model does with the unit it has just heard. `listen` makes it fall silent: a turn it is in the
        middle of is over."""
        listen = listen or self._force_listen > 0
        self._force_listen = max(self._force_listen - 1, 0)
        tokens, hidden = self._listen() if listen else self._decide()
        ends = self.signs.ends_of_unit
        kept = [token for token in tokens if token not in ends]
        turn_over = bool(kept) and kept[-1] == self.signs.turn_end
        spoken = [token for token in tokens[1:] if token not in ends]
        listening = tokens[0] == self.signs.listen
        condition, codes = (None, None) if listening else self._speak(spoken, hidden, turn_over)
        self._feed(self.context, torch.tensor([self.signs.unit_end]))
        said = tuple(token for token in spoken if token not in self.model.words.special)
        self.context.close_unit(said)
        left = self.window.trim(self.context)
        text = self.model.words.decode(spoken)
        tokens.append(self.signs.unit_end)
        return Said(tokens, spoken, hidden, text, listening, turn_over, condition, codes, left)

    def _listen(self) -> tuple[list[int], Tensor]:
        self.turn_open, self.speech = False, None
        hidden = self._feed(self.context, torch.tensor([self.signs.listen]))
        return [self.signs.listen], hidden[:0]

    def _decide(self) -> tuple[list[int], Tensor]:
        """The tokens of a unit up to its end, and the hidden states of those that are speech."""
        signs, tokens, hidden = self.signs, list[int](), [self.model.decoder.embed(torch.tensor([], dtype=torch.long))]
        assert self.logits is not None, "a unit is heard before it is answered"
        for step in range(MOST_STEPS):
            token = signs.chunk_end if step == MOST_STEPS - 1 else self.rule.choose(self.logits)
            if token == signs.listen and self.turn_open:  # it may not fall silent in the middle of a turn
                token = signs.speech_start
            row = self._feed(self.context, torch.tensor([token]))
            tokens.append(token)
            if token in signs.ends_of_unit:
                break
            self.turn_open = token != signs.turn_end
            if step:
                hidden.append(row)
        return tokens, torch.cat(hidden)

    def _speak(self, spoken: Sequence[int], hidden: Tensor, last: bool) -> tuple[Tensor | None, list[int] | None]:
        """A second of sound for this unit's speech; the first and the last of a turn may be shorter."""
        if self.voice is None:
            return None, None
        if self.speech is None or self.speech.over:
            self.speech = self.voice.start()
        condition = self.voice.opened(self.voice.condition(spoken, hidden))
        least = CODES_PER_S + 1 if self.speech.chunks and not last else 0
        codes = self.voice.second(self.speech, condition, self._choose_code, least)
        self.speech.over = last
        return condition, codes

    def _feed(self, context: Context, inputs: Tensor) -> Tensor:
        """Tokens (T,) or rows (T, hidden) -> hidden states (T, hidden)."""
        if context.cache.length + len(inputs) > context.cache.capacity:
            raise EngineLost("The session's context is full; give it a window, or more room, and start again.")
        hidden = self.model.decoder.forward(context.cache, inputs)
        self.logits = self.model.decoder.logits(hidden[-1])
        return hidden
