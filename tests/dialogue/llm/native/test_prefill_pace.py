"""How much of a prefill one step computes, from measured speeds."""

from __future__ import annotations

from dialogue.llm.native.prefill_pace import STEP_S, PrefillPace


def test_a_first_step_is_one_layer_of_a_whole_chunk() -> None:
    pace = PrefillPace()
    assert (pace.tokens(), pace.layers(64)) == (64, 1)


def test_a_fast_model_computes_many_layers_at_once() -> None:
    pace = PrefillPace()
    pace.took(64, 2, STEP_S / 5)
    assert (pace.tokens(), pace.layers(64)) == (64, 10)


def test_a_slow_model_takes_smaller_chunks() -> None:
    pace = PrefillPace()
    pace.took(64, 1, STEP_S * 3)
    assert pace.tokens() == 32, "not measured yet"
    pace.took(32, 1, STEP_S * 1.5)
    pace.took(16, 1, STEP_S * 0.75)
    assert (pace.tokens(), pace.layers(16)) == (16, 1)


def test_a_very_slow_model_takes_the_smallest_chunk() -> None:
    pace = PrefillPace()
    for tokens in (64, 32, 16, 8):
        pace.took(tokens, 1, STEP_S * 2)
    assert (pace.tokens(), pace.layers(8)) == (8, 1)


def test_a_moment_of_load_does_not_count() -> None:
    pace = PrefillPace()
    for seconds in (STEP_S / 4, STEP_S * 2, STEP_S / 3):
        pace.took(64, 1, seconds)
    assert pace.layers(64) == 4


def test_few_tokens_say_little_about_many() -> None:
    pace = PrefillPace()
    pace.took(1, 1, STEP_S / 8)
    assert pace.layers(1) == 8
    assert pace.layers(8) == 1, "at worst every token takes as long"
