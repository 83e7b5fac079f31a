"""Requests to watch for something, in many wordings, and similar sentences that must not be taken for them."""

from __future__ import annotations

import pytest

from dialogue.watching.condition import Condition
from dialogue.watching.condition_words import Unwatchable
from dialogue.watching.watch_requests import WatchRequest, watch_request

SOMEONE = Condition("appears", ("person",), "person")
DOG, CUP_GONE = Condition("appears", ("dog",), "dog"), Condition("leaves", ("cup",), "cup")
DARK, EXIT = Condition("dark"), Condition("text", text="EXIT")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("Tell me when someone comes in.", SOMEONE),
        ("when somebody enters the room say something", SOMEONE),
        ("Hi. Please tell me the moment that anybody shows up. Thanks.", SOMEONE),
        ("Watch the door and tell me when someone's there.", SOMEONE),
        ("Let me know when the light goes off.", DARK),
        ("If it gets dark, warn me.", DARK),
        ("Could you alert me as soon as someone switches off the lights?", DARK),
        ("Notify me once the lamp is on.", Condition("light")),
        ("Warn me if the cup is gone.", CUP_GONE),
        ("give me a shout when the cup disappears", CUP_GONE),
        ("Let me know if somebody takes the cup away.", CUP_GONE),
        ("Keep an eye on my laptop.", Condition("leaves", ("laptop",), "laptop")),
        ("Tell me when you see the word EXIT.", EXIT),
        ("When you see the word EXIT, tell me.", EXIT),
        ("tell me once you can read EXIT please", EXIT),
        ("Tell me when the sign says OPEN.", Condition("text", text="OPEN")),
        ("let me know when the sign changes", Condition("text changes")),
        ("Let me know if you see a dog.", DOG),
        ("Look out for dogs, please.", DOG),
        ("Tell me when a red car drives by.", Condition("appears", ("car",), "car", "red")),
        ("tell me when a second person comes in", Condition("count", ("person",), "person", number=2)),
        ("Warn me if there are more than three people.", Condition("count", ("person",), "person", number=4)),
        ("Tell me when everyone has left.", Condition("none left", ("person",), "person")),
        ("Inform me in case anybody leaves.", Condition("leaves", ("person",), "person")),
        ("Warn me when a car comes close.", Condition("approaches", ("car",), "car")),
        ("Tell me when the cat moves to the left.", Condition("place", ("cat",), "cat", place="left")),
        ("Shout if you see something move.", Condition("anything")),
        ("Let me know when a woman arrives.", SOMEONE),
        ("Tell me when I am back.", SOMEONE),
    ],
)
def test_what_to_watch_for_is_understood(text: str, condition: Condition) -> None:
    assert watch_request(text) == WatchRequest("add", condition)


@pytest.mark.parametrize(
    "text",
    [
        "Tell me every time a dog passes.",
        "Alert me whenever a dog walks by.",
        "each time you see a dog let me know",
        "Tell me about every dog.",
        "Let me know any time a dog comes in.",
    ],
)
def test_a_rule_for_every_time(text: str) -> None:
    assert watch_request(text) == WatchRequest("add", DOG, every_time=True)


def test_a_rule_for_once() -> None:
    assert watch_request("Whenever someone comes in, let me know once.") == WatchRequest("add", SOMEONE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Let me know when the water boils.", ""),
        ("Tell me when the door opens.", "a door"),
        ("Tell me when my wife comes home.", "your wife"),
        ("Warn me when the baby wakes up.", "not what they do"),
        ("Let me know when there is a package at the door.", "a package"),
    ],
)
def test_what_cannot_be_seen_is_known_at_once(text: str, why: str) -> None:
    request = watch_request(text)
    assert request is not None and isinstance(request.condition, Unwatchable)
    assert why in request.condition.why


@pytest.mark.parametrize(
    "text",
    [
        "Tell me if you see a dog.",
        "Tell me if there is a person in the room.",
        "Tell me when the war ended.",
        "Tell me when you last saw the cup.",
        "Let me know when you are ready.",
        "let me know if that is okay",
        "Let me know what you think.",
        "Tell me when five minutes are over.",
        "Remind me in ten minutes to look for the dog.",
        "Remind me when it is eight o'clock.",
        "What happens when someone comes in?",
        "Tell me what happens when the light goes off.",
        "I was surprised when someone came in.",
        "Tell me about all the planets.",
        "Watch this.",
        "Is someone coming in?",
        "Stop.",
        "Forget what I said about the dog.",
        "",
    ],
)
def test_other_sentences_are_no_rules(text: str) -> None:
    assert watch_request(text, watching=True) is None


@pytest.mark.parametrize(
    ("text", "which", "nth"),
    [
        ("Stop watching.", "", None),
        ("Cancel all alerts.", "", None),
        ("Stop watching for dogs.", "dogs", None),
        ("You can stop watching the cup now.", "the cup", None),
        ("Don't tell me any more when someone comes in.", "someone comes in", None),
        ("Stop telling me about dogs.", "dogs", None),
        ("Delete the rule about the dog.", "the dog", None),
        ("Delete the second rule.", "", 1),
        ("Remove rule number two.", "", 1),
        ("forget the last alert", "", -1),
    ],
)
def test_rules_are_taken_back(text: str, which: str, nth: int | None) -> None:
    assert watch_request(text, watching=True) == WatchRequest("stop", which=which, nth=nth)


def test_words_that_may_mean_a_rule_mean_one_only_where_there_are_rules() -> None:
    assert watch_request("Stop telling me about dogs.") is None
    assert watch_request("Stop watching for dogs.") is not None


@pytest.mark.parametrize("text", ["What are you watching for?", "Which rules do you have?", "List my alerts."])
def test_the_rules_are_asked_for(text: str) -> None:
    assert watch_request(text) == WatchRequest("list")


def test_a_long_text_takes_no_time() -> None:
    assert watch_request("tell me when " * 5000) is None
