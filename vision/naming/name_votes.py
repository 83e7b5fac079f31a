"""The finer names of one session's objects, by voting: a name counts once several crops of the object agree on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from vision.box import Box, area

SURE = 0.6  # mean probability from which a name counts
VOTES = 2  # crops that decide
MOST_VOTES = 4  # crops of an object that stays unclear
_CLOSER = 2.0  # growth of the box's area from which an unclear object is worth new crops


@dataclass(slots=True)
class _Ballot:
    label: str
    size: float  # area of the box at the first vote
    votes: list[Mapping[str, float]] = field(default_factory=list)

    @property
    def best(self) -> tuple[str, float]:
        """The name with the highest mean probability, and that."""
        names = {name for vote in self.votes for name in vote}
        means = {name: sum(vote.get(name, 0.0) for vote in self.votes) / len(self.votes) for name in names}
        return max(means.items(), key=lambda each: each[1], default=("", 0.0))


class NameVotes:
    """Objects are known by the number of their track."""

    def __init__(self) -> None:
        self._ballots: dict[int, _Ballot] = {}

    def is_due(self, number: int, label: str, box: Box) -> bool:
        """Whether another crop of the object may decide."""
        ballot = self._ballots.get(number)
        if ballot is None or ballot.label != label:
            return True
        if number in self.names():
            return False
        return len(ballot.votes) < MOST_VOTES or area(box) >= _CLOSER * ballot.size

    def vote(self, number: int, label: str, box: Box, names: Mapping[str, float]) -> None:
        """Takes the probabilities that one crop gave."""
        ballot = self._ballots.get(number)
        if ballot is None or ballot.label != label or len(ballot.votes) >= MOST_VOTES:
            ballot = self._ballots[number] = _Ballot(label, area(box))
        ballot.votes.append(names)

    def names(self, votes: int = VOTES) -> Mapping[int, str]:
        """The finer name, by the number, of the objects that have one for sure after `votes` crops."""
        decided = ((number, ballot) for number, ballot in self._ballots.items() if len(ballot.votes) >= votes)
        return {number: ballot.best[0] for number, ballot in decided if ballot.best[1] >= SURE}

    def keep(self, numbers: Collection[int]) -> None:
        """Forgets the objects with other numbers."""
        self._ballots = {number: ballot for number, ballot in self._ballots.items() if number in numbers}
