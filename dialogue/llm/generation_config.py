"""The generation options of a request: sampling or beam search, temperature, length. Plain data.

The names are those of transformers and of the published MiniCPM packages.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any, Protocol, TypedDict, runtime_checkable

from dialogue.errors import BadInput
from dialogue.llm.sampling import SamplingConfig

# The defaults of MiniCPM's makers for beam search.
DEFAULT_BEAMS, SEARCH_PENALTY = 3, 1.2
MAX_BEAMS = 16


class GenerationOptions(TypedDict, total=False):
    """The fields of a GenerationConfig as keywords; the model's defaults apply to omitted ones."""

    sampling: bool
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    num_beams: int
    max_new_tokens: int


@dataclass(frozen=True, slots=True)
class GenerationConfig:
    """None means the model's default. `sampling=False` is the makers' beam search (3 beams, penalty 1.2); with
    `num_beams=1`, or `temperature=0`, decoding is greedy. Raises BadInput for invalid or contradictory values."""

    sampling: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    num_beams: int | None = None
    max_new_tokens: int | None = None

    @classmethod
    def of(cls, options: GenerationOptions) -> GenerationConfig:
        """From keywords. Raises TypeError for an unknown keyword."""
        names = [each.name for each in fields(cls)]
        if unknown := [name for name in options if name not in names]:
            raise TypeError(f"There is no option {unknown[0]!r}; the options are {', '.join(names)}.")
        return cls(**options)

    def __post_init__(self) -> None:
        _check("temperature", self.temperature, 0.0, 100.0)
        _check("top_p", self.top_p, 1e-6, 1.0)
        _check("top_k", self.top_k, 0, 1_000_000, whole=True)
        _check("repetition_penalty", self.repetition_penalty, 0.01, 100.0)
        _check("num_beams", self.num_beams, 1, MAX_BEAMS, whole=True)
        _check("max_new_tokens", self.max_new_tokens, 1, 1_000_000, whole=True)
        samples = self.sampling or any(each is not None for each in (self.temperature, self.top_p, self.top_k))
        if samples and (self.num_beams or 1) > 1:
            raise BadInput("Beam search does not sample: omit num_beams, or sampling, temperature, top_p and top_k.")
        if self.sampling is False and any((self.temperature, self.top_p, self.top_k)):
            raise BadInput("Sampling is off: omit sampling=False, or temperature, top_p and top_k.")

    @property
    def is_default(self) -> bool:
        """Whether all options are the model's defaults."""
        return self == GenerationConfig()

    @property
    def beams(self) -> int:
        """The number of beams; 1 without beam search."""
        searched = self.sampling is False and self.temperature is None
        return self.num_beams if self.num_beams is not None else DEFAULT_BEAMS if searched else 1

    def sampling_config(self, default: SamplingConfig) -> SamplingConfig:
        """The sampling config, for a model whose default is `default`."""
        if self.sampling is False or self.beams > 1:
            default = SamplingConfig(penalty=SEARCH_PENALTY if self.beams > 1 else default.penalty)
        options = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "penalty": self.repetition_penalty,
        }
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        return replace(default, **given)

    def without_beams(self) -> GenerationConfig:
        """For a model without beam search: greedy decoding instead. Raises BadInput if `num_beams` asks for beams."""
        if (self.num_beams or 1) > 1:
            raise BadInput("This model has no beam search: omit num_beams, or use a MiniCPM V or o.")
        return replace(self, num_beams=1)

    def tokens(self, default: int, limit: int) -> int:
        """The maximum length of the reply. Raises BadInput if it exceeds `limit`, the room in the context."""
        if self.max_new_tokens is None:
            return default
        if self.max_new_tokens > limit:
            raise BadInput(f"There is room for a reply of {limit} tokens, not of {self.max_new_tokens}: ask for fewer.")
        return self.max_new_tokens


@runtime_checkable
class TakesGenerationConfig(Protocol):
    """An engine whose generation can be configured."""

    def configure(self, generation: GenerationConfig) -> None:
        """Must be called before the first block. Raises BadInput for options that this engine does not support."""
        ...


def _check(name: str, value: float | None, minimum: float, maximum: float, *, whole: bool = False) -> None:
    if value is None:
        return
    number = isinstance(value, int) if whole else isinstance(value, int | float) and isfinite(value)
    if isinstance(value, bool) or not number or not minimum <= value <= maximum:
        kind = "a whole number" if whole else "a number"
        low = "more than 0" if minimum in (1e-6, 0.01) else f"at least {minimum:g}"
        raise BadInput(f"{name} must be {kind} of {low} and at most {maximum:,.0f}, not {value!r}.")
