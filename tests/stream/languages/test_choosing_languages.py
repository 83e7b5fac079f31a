"""Which languages a sound may be in, from their odds. Pure."""

from __future__ import annotations

from stream.languages.spoken_language import candidates


def test_weak_evidence_changes_nothing() -> None:
    assert candidates({"zh": 0.3, "en": 0.25}, "en", 1.0, 2.0)[0] == "en"
    assert candidates({"zh": 0.5, "en": 0.25}, "en", 1.0, 2.0)[0] == "zh"
    assert candidates({"zh": 0.5, "en": 0.25}, "en", 1.0, 0.6)[0] == "en", "too short"
    assert candidates({"zh": 0.3, "en": 0.3}, "en", 0.3, 0.6)[0] == "zh", "the English recogniser doubts its words"
    assert candidates({"ar": 0.9}, "es", 1.0, 2.0)[0] in ("en", "es"), "a language that we do not speak"


def test_japanese_and_hindi_are_among_the_languages() -> None:
    assert candidates({"ja": 0.6, "zh": 0.3}, "zh", 1.0, 2.0)[0] == "ja"
    assert candidates({"ur": 0.5, "hi": 0.3, "en": 0.1}, "en", 0.3, 2.0)[0] == "hi"


def test_a_second_language_counts_where_it_is_nearly_as_likely() -> None:
    assert candidates({"it": 0.5, "es": 0.4}, "en", 0.3, 1.0) == ["it", "es"]
    assert candidates({"it": 0.8, "es": 0.1}, "en", 0.3, 1.0) == ["it"]


def test_a_language_that_is_hardly_probable_is_not_taken() -> None:
    """The first second of "Pon un temporizador de tres minutos"."""
    assert candidates({"en": 0.37, "pt": 0.08, "es": 0.06}, "en", 0.21, 1.1) == ["en"]


def test_neighbours_of_spanish_are_spanish() -> None:
    assert candidates({"ca": 0.26, "el": 0.18, "en": 0.1}, "en", 0.31, 1.4)[0] == "es"
