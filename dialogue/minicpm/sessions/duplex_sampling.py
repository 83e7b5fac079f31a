"""How o 4.5 chooses the next token of a unit in full duplex. Plain functions of logits, and the history they need.

First the end of the chunk is drawn from the plain distribution; only if it does not come is another token drawn,
from a distribution that has been made less repetitive. Knows no cache and no sound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.sampling import GREEDY, SamplingConfig, choose, draw


@dataclass(frozen=True, slots=True)
class DuplexTokens:
    """The tokens that carry the conversation, by what they mean."""

    unit: int
    unit_end: int
    listen: int
    speak: int
    speech_start: int
    turn_end: int
    chunk_end: int
    speech_end: int
    padding: int

    @classmethod
    def of(cls, words: Vocabulary) -> DuplexTokens:
        return cls(
            unit=words.id("<unit>"),
            unit_end=words.id("</unit>"),
            listen=words.id("<|listen|>"),
            speak=words.id("<|speak|>"),
            speech_start=words.id("<|tts_bos|>"),
            turn_end=words.id("<|turn_eos|>"),
            chunk_end=words.id("<|chunk_eos|>"),
            speech_end=words.id("<|chunk_tts_eos|>"),
            padding=words.id("<|tts_pad|>"),
        )

    @property
    def ends_of_unit(self) -> set[int]:
        return {self.listen, self.chunk_end, self.speech_end}


SAMPLING = SamplingConfig(temperature=0.7, top_k=20, top_p=0.8, penalty=1.05)


@dataclass(frozen=True, slots=True)
class DuplexSampling:
    """`patience` above 1 makes longer turns. `sampling.penalty` divides the logits of recent tokens."""

    sampling: SamplingConfig = SAMPLING
    patience: float = 1.1
    recent: int = 512


class TokenRule:
    """One session's. `forbidden` are the checkpoint's bad tokens."""

    def __init__(
        self,
        signs: DuplexTokens,
        forbidden: Collection[int] = (),
        style: DuplexSampling | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self._signs, self._generator = signs, generator
        self.style = style or DuplexSampling()
        self._forbidden = torch.tensor(sorted({signs.chunk_end, signs.padding, *forbidden}))
        self.history: deque[int] = deque(maxlen=self.style.recent)

    def choose(self, logits: Tensor) -> int:
        """The next token for logits (V,). What is chosen becomes history, the end of a chunk does not."""
        sampling = self.style.sampling
        greedy = sampling.temperature <= 0.0
        first = choose(logits, GREEDY) if greedy else draw(logits, generator=self._generator)
        if first == self._signs.chunk_end:
            return first
        scores = self.adjusted(logits)
        if greedy:
            token = int(scores.argmax())
        else:
            token = draw(scores / sampling.temperature, sampling.top_k, sampling.top_p, self._generator)
        self.history.append(token)
        return token

    def adjusted(self, logits: Tensor) -> Tensor:
        """What the second draw is made from, before temperature."""
        scores = divided(logits, list(self.history), self.style.sampling.penalty)
        end = scores[self._signs.turn_end]
        patience = self.style.patience
        scores[self._signs.turn_end] = end / patience if end > 0 else end * patience
        scores[self._forbidden] = -torch.inf
        return scores


def divided(logits: Tensor, recent: Sequence[int], penalty: float) -> Tensor:
    """Logits of recent tokens divided by `penalty`, whatever their sign, as published: it makes a token with a
    negative logit likelier."""
    scores = logits.clone()
    if recent:
        used = torch.tensor(sorted(set(recent)), device=logits.device)
        scores[used] /= penalty
    return scores
