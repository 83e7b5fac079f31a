"""How somebody wants an answer written: drawn or searched for, how boldly, how long. Plain data; chooses no token.

The names are those that users of transformers and of the published MiniCPM packages know.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any, Protocol, TypedDict, runtime_checkable

from dialogue.errors import BadInput
from dialogue.llm.sampling import SamplingConfig

# What the makers search with where nobody says otherwise.
USUAL_BEAMS, SEARCH_PENALTY = 3, 1.2
MOST_BEAMS = 16


class GenerationOptions(TypedDict, total=False):
    """The fields of a Wording as keywords; what is left out is as the model does it anyway."""

    sampling: bool
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    num_beams: int
    max_new_tokens: int


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """None: as the model does it anyway. `sampling=False` is the makers' beam search (3 beams, penalty 1.2); with
    `num_beams=1`, or by `temperature=0`, the likeliest token each time. Raises BadInput for what no model can do."""

    sampling: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    num_beams: int | None = None
    max_new_tokens: int | None = None

    @classmethod
    def of(cls, options: GenerationOptions) -> GenerationConfig:
        """From keywords. Raises TypeError for a keyword there is not."""
        names = [each.name for each in fields(cls)]
        if unknown := [name for name in options if name not in names]:
            raise TypeError(f"there is no option {unknown[0]!r}; there are {', '.join(names)}")
        return cls(**options)

    def __post_init__(self) -> None:
        _check("temperature", self.temperature, 0.0, 100.0)
        _check("top_p", self.top_p, 1e-6, 1.0)
        _check("top_k", self.top_k, 0, 1_000_000, whole=True)
        _check("repetition_penalty", self.repetition_penalty, 0.01, 100.0)
        _check("num_beams", self.num_beams, 1, MOST_BEAMS, whole=True)
        _check("max_new_tokens", self.max_new_tokens, 1, 1_000_000, whole=True)
        drawn = self.sampling or any(each is not None for each in (self.temperature, self.top_p, self.top_k))
        if drawn and (self.num_beams or 1) > 1:
            raise BadInput("beams are searched, not drawn: leave num_beams out, or sampling, temperature, top_p, top_k")
        if self.sampling is False and any((self.temperature, self.top_p, self.top_k)):
            raise BadInput("without sampling nothing is drawn: leave sampling out, or temperature, top_p and top_k")

    @property
    def usual(self) -> bool:
        """Whether nothing is asked for."""
        return self == GenerationConfig()

    @property
    def beams(self) -> int:
        """1 where nothing is to be searched."""
        searched = self.sampling is False and self.temperature is None
        return self.num_beams if self.num_beams is not None else USUAL_BEAMS if searched else 1

    def drawn(self, usual: SamplingConfig) -> SamplingConfig:
        """How to choose a token, for a model that draws by `usual` otherwise."""
        if self.sampling is False or self.beams > 1:
            usual = SamplingConfig(penalty=SEARCH_PENALTY if self.beams > 1 else usual.penalty)
        wished = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "penalty": self.repetition_penalty,
        }
        given: dict[str, Any] = {name: value for name, value in wished.items() if value is not None}
        return replace(usual, **given)

    def without_beams(self) -> GenerationConfig:
        """For a model that is not searched with beams: the likeliest token instead, unless beams were asked for by
        number. Raises BadInput."""
        if (self.num_beams or 1) > 1:
            raise BadInput("this model is not searched with beams: leave num_beams out, or take a MiniCPM V or o")
        return replace(self, num_beams=1)

    def tokens(self, usual: int, most: int) -> int:
        """How long the answer may be. Raises BadInput for more than the context has room for."""
        if self.max_new_tokens is None:
            return usual
        if self.max_new_tokens > most:
            raise BadInput(f"there is room for an answer of {most} tokens, not of {self.max_new_tokens}: ask for fewer")
        return self.max_new_tokens


@runtime_checkable
class TakesGenerationConfig(Protocol):
    """An engine whose generation can be configured."""

    def configure(self, generation: GenerationConfig) -> None:
        """Comes before the first block. Raises BadInput for what this engine cannot do."""
        ...


def _check(name: str, value: float | None, least: float, most: float, *, whole: bool = False) -> None:
    if value is None:
        return
    number = isinstance(value, int) if whole else isinstance(value, int | float) and isfinite(value)
    if isinstance(value, bool) or not number or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        low = "more than 0" if least in (1e-6, 0.01) else f"at least {least:g}"
        raise BadInput(f"{name} is {kind} of {low} and at most {most:,.0f}, not {value!r}")
