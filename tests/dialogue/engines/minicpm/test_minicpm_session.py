"""What sessions of the o models share: marks of session and log, the smallest context, repeatable draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from dialogue.blocks import TextBlock
from dialogue.engines.minicpm.minicpm_session import (
    MARKS_KEPT,
    MIN_CONTEXT_TOKENS,
    SessionMarks,
    check_context_size,
    generator_for,
)
from dialogue.errors import BadInput, EngineLost
from dialogue.memory.spoken_conversation_log import SpokenConversationLog
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny


@dataclass
class Words:
    """A session that holds words and marks their number."""

    held: list[str] = field(default_factory=list)

    def mark(self) -> int:
        return len(self.held)

    def rewind(self, place: int, /) -> None:
        del self.held[place:]


def say(session: Words, log: SpokenConversationLog, word: str) -> None:
    session.held.append(word)
    log.add(TextBlock(word, 0, 1))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> MiniCPM:
    folder: Path = write_tiny(Kind.O26, tmp_path_factory.mktemp("o26"))
    return open_model(folder, "float32", "cpu")


def test_a_rewind_takes_session_and_log_back_and_its_mark_stays_valid() -> None:
    log, session = SpokenConversationLog(), Words()
    marks: SessionMarks[Words] = SessionMarks(log)
    say(session, log, "one")
    first = marks.add(session)
    say(session, log, "two")
    second = marks.add(session)
    for _ in range(2):
        say(session, log, "three")
        assert marks.rewind(first, session) is session
        assert session.held == ["one"]
        assert [event.text for event in log.log.events("told")] == ["one"]
    with pytest.raises(EngineLost, match="its mark is gone"):
        marks.rewind(second, session)


def test_a_rewind_to_before_the_session_was_opened_closes_it() -> None:
    log = SpokenConversationLog()
    marks: SessionMarks[Words] = SessionMarks(log)
    unopened = marks.add(None)
    assert marks.rewind(unopened, Words(["one"])) is None
    opened = marks.add(Words(["one"]))
    assert marks.rewind(opened, None) is None


def test_only_the_newest_marks_are_kept_until_they_are_cleared() -> None:
    session = Words()
    marks: SessionMarks[Words] = SessionMarks(SpokenConversationLog())
    made = [marks.add(session) for _ in range(MARKS_KEPT + 1)]
    with pytest.raises(EngineLost):
        marks.rewind(made[0], session)
    assert marks.rewind(made[1], session) is session
    marks.clear()
    with pytest.raises(EngineLost):
        marks.rewind(made[1], session)
    assert marks.add(session) not in made, "a serial number is not used twice"


def test_a_small_context_is_refused(model: MiniCPM) -> None:
    check_context_size(MIN_CONTEXT_TOKENS, model)
    with pytest.raises(BadInput, match=f"at least {MIN_CONTEXT_TOKENS} tokens"):
        check_context_size(MIN_CONTEXT_TOKENS - 1, model)


def test_a_seed_makes_draws_repeatable_and_none_takes_torchs_generator(model: MiniCPM) -> None:
    first, again = generator_for(model, 7), generator_for(model, 7)
    assert first is not None and again is not None
    assert torch.equal(torch.rand(4, generator=first), torch.rand(4, generator=again))
    assert generator_for(model, None) is None
