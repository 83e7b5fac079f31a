"""What is answered about watching and describing, and what is done for it."""

from __future__ import annotations

from dialogue.watching.watch_talk import MOST_RULES, UNABLE, watch_answer
from tests.dialogue.watching.kept import Kept
from tests.dialogue.watching.scenes import scene

EMPTY = scene(0)


def talked(kept: Kept, *said: str) -> str | None:
    """The answer to the last sentence."""
    return [watch_answer(text, kept, EMPTY) for text in said][-1]


def test_a_rule_is_kept_and_confirmed() -> None:
    kept = Kept()
    assert talked(kept, "Tell me when someone comes in.") == "All right, I'll tell you when a person comes in."
    assert talked(kept, "Tell me every time a dog passes.") == "All right, I'll tell you every time a dog comes in."
    assert [rule.every_time for rule in kept.rules] == [False, True]
    assert talked(kept, "Let me know when someone enters.") == "I'm watching for that already."
    expected = "I'm going to tell you when a person comes in and every time a dog comes in."
    assert talked(kept, "What are you watching for?") == expected


def test_rules_are_taken_back_by_what_they_are_about() -> None:
    kept = Kept()
    talked(kept, "Warn me if the cup is gone.", "Tell me when you see the word exit.", "Tell me if it gets dark.")
    assert "the cup is gone" in (talked(kept, "Stop watching the cup.") or "")
    assert talked(kept, "Delete the rule about the word exit.") == "All right, I no longer tell you when I read “exit”."
    assert "no such rule" in (talked(kept, "Delete the rule about the dog.") or "")
    assert talked(kept, "Don't tell me any more when it gets dark.") == "All right, I stop watching."
    assert kept.rules == () and talked(kept, "Stop watching.") == "I'm not watching for anything."


def test_what_cannot_be_watched_is_said_at_once() -> None:
    kept = Kept()
    assert (talked(kept, "Let me know when the water boils.") or "").startswith(
        "I can't watch for that. I can watch for"
    )
    assert (talked(kept, "Tell me when my wife comes home.") or "").startswith("I don't recognise your wife by sight.")
    assert kept.rules == ()


def test_without_a_detector_nothing_is_promised() -> None:
    kept = Kept(possible=False)
    assert talked(kept, "Tell me when someone comes in.") == UNABLE
    assert talked(kept, "Describe what is around me.") == UNABLE
    assert kept == Kept(possible=False)


def test_what_is_so_already_is_said() -> None:
    kept = Kept()
    assert watch_answer("Tell me when it gets dark.", kept, scene(0, light="dark")) == "It is dark already."
    assert kept.rules == ()
    answer = watch_answer("Tell me when someone comes in.", kept, scene(0, "person")) or ""
    assert answer.endswith("I see a person already, so I wait for another one.") and len(kept.rules) == 1
    assert (watch_answer("Warn me if the cup is gone.", kept, EMPTY) or "").endswith("I don't see a cup yet.")
    off = watch_answer("Tell me when you see a dog.", kept, scene(0, camera=False)) or ""
    assert off.endswith("The camera is off, so I start once it is on.")


def test_the_number_of_rules_is_limited() -> None:
    kept = Kept()
    for number in range(MOST_RULES):
        talked(kept, f"Tell me when you read the number {number}.")
    assert "sixteen things already" in (talked(kept, "Tell me when someone comes in.") or "")
    assert len(kept.rules) == MOST_RULES


def test_descriptions_are_switched() -> None:
    kept = Kept()
    assert talked(kept, "Tell me what happens.") and kept.narrating
    assert talked(kept, "Stop.") == "All right, I stop describing." and not kept.narrating
    assert talked(kept, "Stop.") is None, "this is for others"
    assert talked(kept, "How are you?") is None
