"""Whether there is an echo, at which delay, and whether what is heard is our own voice, whatever its level.

Also tests `own_sound.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from audio.chunk import Samples
from audio.resample import resample_whole
from audio.room.echo import FRAME
from audio.room.echo_presence import EchoPresence
from audio.room.own_sound import NO_MATCH, WINDOW_FRAMES, LastFrames, OwnSound
from audio.voices.voice import Synthesizer
from tests.room_sounds import EchoPath, at_level, placed, said

TEXT = (
    "The old bridge was built a hundred years ago. Since then it has carried trains, carts and people over the river "
    "every day. In winter it is covered with ice."
)


@pytest.fixture(scope="module")
def ours() -> Samples:
    voice: Samples = resample_whole(Synthesizer().say(TEXT), 24_000, 16_000)
    return voice


@pytest.fixture(scope="module")
def user() -> Samples:
    return said("I would like to know what time it is in Berlin, in Rome and in Paris, and where I put my glasses.")


def frames(*sounds: Samples) -> zip[tuple[Samples, ...]]:
    length = min(map(len, sounds)) // FRAME * FRAME
    return zip(*(sound[:length].reshape(-1, FRAME) for sound in sounds), strict=True)


def room(length: int) -> Samples:
    return at_level(np.random.default_rng(0).standard_normal(length).astype(np.float32), -66.0)


def echo_of(path: EchoPath, played: Samples) -> Samples:
    return np.concatenate([path.hear(frame) for (frame,) in frames(played)])


def echoing(presence: EchoPresence, heard: Samples, played: Samples) -> list[bool]:
    """After each frame, with a canceller that does nothing."""
    found = []
    for one, other in frames(heard, played):
        presence.hear(one, one, other)
        found.append(presence.echoing)
    return found


def own(presence: EchoPresence, heard: Samples, played: Samples) -> list[bool]:
    """Asks after every fifth frame whether our voice is heard."""
    answers = []
    for number, (one, other) in enumerate(frames(heard, played)):
        presence.hear(one, one, other)
        if number % 5 == 4:
            answers.append(presence.is_own())
    return answers


def test_there_may_be_an_echo_until_two_seconds_of_our_voice_were_judged(ours: Samples) -> None:
    found = echoing(EchoPresence(), room(len(ours)), ours)
    assert all(found[:190])
    assert not any(found[300:])


def test_what_is_passed_on_is_without_the_echo_where_there_is_one(ours: Samples) -> None:
    presence, left = EchoPresence(), np.zeros(FRAME, np.float32)
    passed_on = [presence.hear(one, left, other) for one, other in frames(room(len(ours)), ours)]
    assert not passed_on[0].any()
    assert passed_on[-1].any()


@pytest.mark.parametrize("gain_db", [-6, -30])
def test_an_echo_that_begins_during_the_call_is_found_with_its_delay(gain_db: int, ours: Samples) -> None:
    presence = EchoPresence()
    echoing(presence, room(len(ours)), ours)
    echo = echo_of(EchoPath(gain_db=gain_db, delay_s=0.2), ours)
    found = echoing(presence, echo + room(len(echo)), ours)
    assert any(found[:200])
    assert all(found[200:])
    assert presence.delay is not None
    assert 0.2 <= presence.delay / 16_000 < 0.25


def test_an_echo_is_own_sound_a_quarter_of_a_second_after_it_begins(ours: Samples) -> None:
    """Before it could count as an interruption."""
    presence = EchoPresence()
    own(presence, room(len(ours)), ours)
    echo = echo_of(EchoPath(gain_db=-12, delay_s=0.15), ours)
    answers = own(presence, echo + room(len(echo)), ours)
    voice_begins = int(np.flatnonzero(np.abs(echo) > 0.02)[0]) // (5 * FRAME)
    assert all(answers[voice_begins + 5 : voice_begins + 20])


def test_an_echo_whose_delay_jumps_stays_own_sound(ours: Samples) -> None:
    """A jitter buffer becomes longer by 40 ms; the canceller has not followed yet."""
    presence = EchoPresence()
    echo = echo_of(EchoPath(gain_db=-12, delay_s=0.15, jumps_s=0.04), np.concatenate([ours, ours]))
    answers = own(presence, echo + room(len(echo)), np.concatenate([ours, ours])[: len(echo)])
    loud = np.abs(echo[: len(answers) * 5 * FRAME]).reshape(-1, 5 * FRAME).max(1) > 0.05
    assert np.mean(np.array(answers)[10:][loud[10:]]) > 0.97


def test_a_person_who_speaks_is_no_echo(ours: Samples, user: Samples) -> None:
    presence = EchoPresence()
    echoing(presence, room(len(ours)), ours)
    heard = placed(len(ours) / 16_000, (0.5, user))
    assert not any(echoing(presence, heard + room(len(heard)), ours))


def test_a_person_who_speaks_is_seldom_taken_for_us(ours: Samples, user: Samples) -> None:
    presence = EchoPresence()
    heard = placed(len(ours) / 16_000, (0.5, user))
    assert np.mean(own(presence, heard + room(len(heard)), ours)) < 0.05


def test_where_nothing_is_played_nothing_is_found(user: Samples) -> None:
    sound, heard = OwnSound(), LastFrames(WINDOW_FRAMES)
    for one, other in frames(user[:32_000], np.zeros(32_000, np.float32)):
        sound.play(other)
        heard.push(one)
    assert sound.find(heard.all()) is NO_MATCH
