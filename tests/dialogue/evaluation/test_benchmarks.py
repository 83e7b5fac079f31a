"""Every benchmark's loader reads its sample; right answers get the full figure, wrong ones none.

Also tests `answers.py`, `benchmark.py`, `calls.py`, `files.py`, `films.py`, `long_texts.py`, `objects.py`,
`pictures.py`, `recorded.py` and `retrieval.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.public.samples import write_samples
from dialogue.errors import BadInput
from dialogue.evaluation.benchmark import Scored, interval, mean_percent
from dialogue.evaluation.benchmarks import BENCHMARKS
from dialogue.evaluation.pictures import mme

FULL = {"OCRBench": 1000.0, "MME": 200.0, "ObjectHalBench": 0.0}
RIGHT = {
    "OCRBench": ["It reads harbour.", "Exit 42", "the word BAKERY"],
    "MME": ["Yes.", "No, it is not."],
    "POPE": ["yes", "no"],
    "MMStar": ["A"],
    "RealWorldQA": ["The answer is (A)."],
    "MMMU": ["A. OPEN"],
    "ObjectHalBench": ["A man stands beside a car."],
    "Video-MME": ["B"],
    "BFCL": ["[weather(city='Oslo', days=3)]"],
    "InfiniteBench": ["The pass key is 71432."],
    "MTEB-retrieval": ['["d1", "d0", "d2"]'],
}
WRONG = {
    "OCRBench": ["?"] * 3,
    "MME": ["No", "Yes"],
    "POPE": ["No", "No"],
    "MMStar": ["B"],
    "RealWorldQA": ["I think C."],
    "MMMU": [""],
    "ObjectHalBench": ["A dog sits on a bench."],
    "Video-MME": ["The answer is D"],
    "BFCL": ["[weather(city='Rome', days=3)]"],
    "InfiniteBench": ["71433"],
    "MTEB-retrieval": ['["d0"]'],
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


def figure(name: str, samples: Path, answers: list[str] | None) -> float:
    benchmark = BENCHMARKS[name.lower()]
    items = list(benchmark.items(samples / name))
    said = [item.recorded for item in items] if answers is None else answers
    scored = [Scored(item.key, item.group, benchmark.score(item, text)) for item, text in zip(items, said, strict=True)]
    return benchmark.figure(scored)


@pytest.mark.parametrize("name", [each.name for each in BENCHMARKS.values()])
def test_right_answers_get_the_full_figure(name: str, samples: Path) -> None:
    assert figure(name, samples, RIGHT.get(name)) == FULL.get(name, 100.0)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_get_none(name: str, samples: Path) -> None:
    assert figure(name, samples, WRONG[name]) == (100.0 if name == "ObjectHalBench" else 0.0)


@pytest.mark.parametrize("name", [each.name for each in BENCHMARKS.values()])
def test_an_empty_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        list(BENCHMARKS[name.lower()].items(tmp_path))


def test_calls_are_compared_as_the_leaderboard_does(samples: Path) -> None:
    for answer, right in {
        "weather(city='OSLO')": 100.0,  # days may be left out; case does not count
        "Here: [weather(days=3, city='Oslo')]": 100.0,
        "[weather(days=3)]": 0.0,
        "[weather(city='Oslo', unit='C')]": 0.0,
        "[weather(city='Oslo'), weather(city='Oslo')]": 0.0,
        "[forecast(city='Oslo')]": 0.0,
        "__import__('os')": 0.0,
    }.items():
        assert figure("BFCL", samples, [answer]) == right, answer


def test_both_questions_about_a_picture_count_for_mme() -> None:
    scored = [Scored(str(n), f"OCR/{n // 2}", (float(n != 3), 0.0, 0.0)) for n in range(4)]
    assert mme(scored) == 75 + 50


def test_the_interval_holds_the_figure_and_narrows() -> None:
    few, many = ([Scored(str(n), "", (float(n % 2),)) for n in range(count)] for count in (20, 2000))
    (low, high), (lower, higher) = interval(mean_percent, few), interval(mean_percent, many)
    assert low < 50 < high
    assert higher - lower < (high - low) / 4
