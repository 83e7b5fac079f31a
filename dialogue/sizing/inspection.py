"""What a model is and what it takes to run it, told from its config and the headers of its files: nothing is loaded.

Plain records. `dialogue.engines.inspect_model` fills them for a downloaded model of any family.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dialogue.llm.precision import Precision


@dataclass(frozen=True, slots=True)
class Differences:
    """What a checkpoint lacks, what nobody asks for, and what has another shape than its config says or holds no
    floats."""

    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    misshapen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inspection:
    """`parameters` by part; `weight_bytes` by precision of the language model; `cache_bytes` of a context of 1,000
    tokens in 16 bits; `file_bytes` None where no weights are there yet. `token_bytes`: what is read of the weights for
    each token of an answer, where that is not told elsewhere. `without`: sentences on files that are not right."""

    name: str
    parameters: dict[str, int]
    file_bytes: int | None
    weight_bytes: dict[Precision, int]
    cache_bytes: int
    differences: Differences = field(default_factory=Differences)
    token_bytes: dict[Precision, int] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not (self.differences.missing or self.differences.misshapen or self.without)

    def lines(self) -> list[str]:
        """For a person to read."""
        total, disk = sum(self.parameters.values()), "not here yet"
        if self.file_bytes is not None:
            disk = f"{_size(self.file_bytes)} on disk"
        lines = [f"{self.name}: {total / 1e6:,.1f} M parameters, {disk}"]
        lines += [f"  {part:16} {count / 1e6:10,.1f} M" for part, count in self.parameters.items()]
        lines.append("memory of the weights: " + ", ".join(f"{p} {_size(n)}" for p, n in self.weight_bytes.items()))
        lines.append(f"and for every 1,000 tokens of context of a session: {_size(self.cache_bytes)} in 16 bits")
        if self.file_bytes is None:
            return [*lines, "told by its config alone; what its files hold is told when they are here"]
        for heading, names in (
            ("missing", self.differences.missing),
            ("of another shape or kind", self.differences.misshapen),
            ("unknown", self.differences.unknown),
            ("not right", list(self.without)),
        ):
            lines += [f"{heading}: {len(names)}", *(f"  {name}" for name in names[:10])] if names else []
        return [*lines, "complete" if self.whole else "NOT complete: it cannot be run"]


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
