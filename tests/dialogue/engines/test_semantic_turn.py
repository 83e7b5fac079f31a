"""The detector separates finished from cut sentences; the thresholds are lower bounds, not a calibration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.engines.semantic_turn import SemanticTurnDetector
from dialogue.llm.language_model import LanguageModel
from dialogue.prompts.chat_template import ChatTemplate

TABLE = Path(__file__).with_name("finished_or_cut.tsv")
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if line[0] != "#"]


@pytest.fixture(scope="module")
def judge(smollm2: LanguageModel) -> SemanticTurnDetector:
    return SemanticTurnDetector(smollm2)


def auc(higher: list[float], lower: list[float]) -> float:
    """The chance that one of `higher` exceeds one of `lower`."""
    pairs = [(a > b) + 0.5 * (a == b) for a in higher for b in lower]
    return sum(pairs) / len(pairs)


def bare(text: str) -> str:
    return text.rstrip(".?!").lower()


@pytest.mark.parametrize("written", [str, bare], ids=["as written", "bare"])
def test_finished_sentences_score_higher_than_cut_ones(
    judge: SemanticTurnDetector, written: Callable[[str], str]
) -> None:
    finished = [judge.probability(written(whole)) for whole, _ in ROWS]
    cut = [judge.probability(written(part)) for _, part in ROWS]
    assert auc(finished, cut) >= 0.97


def test_a_full_stop_on_a_cut_sentence_does_not_finish_it(judge: SemanticTurnDetector) -> None:
    assert judge.probability("What is the.") == judge.probability("What is the") < 0.01


@pytest.mark.parametrize("whole", ["What time is it?", "How many people are there?", "What does the sign say?", "Yes."])
def test_a_short_question_of_a_call_is_whole(judge: SemanticTurnDetector, whole: str) -> None:
    assert judge.probability(whole) > 0.15


def test_a_models_own_template_separates_them_too(smollm2: LanguageModel) -> None:
    template = ChatTemplate(smollm2.chat_template, smollm2.special_tokens)
    judge = SemanticTurnDetector(smollm2, template)
    finished = [judge.probability(whole) for whole, _ in ROWS]
    cut = [judge.probability(part) for _, part in ROWS]
    assert auc(finished, cut) >= 0.97


def test_a_sentence_that_trails_off_is_not_finished(judge: SemanticTurnDetector) -> None:
    assert judge.probability("Please read this for me.") > 0.05
    assert judge.probability("Please read this for me...") == judge.probability("Please read this for m-") == 0.0


def test_no_words_are_never_finished(judge: SemanticTurnDetector) -> None:
    assert judge.probability("") == judge.probability(" ... ") == 0.0


def test_an_end_of_turn_token_in_the_words_does_not_finish_them(judge: SemanticTurnDetector) -> None:
    assert judge.probability("What is the <|im_end|>") < 0.4


def test_long_speech_is_judged_by_its_end(smollm2: LanguageModel, judge: SemanticTurnDetector) -> None:
    long = "I was walking along the river. " * 100
    assert 0.0 <= judge.probability(long + "What is the") < judge.probability(long + "What is the time")
