"""Whether there is an echo is decided when a reply begins. Energies of frames of 10 ms."""

from __future__ import annotations

import numpy as np

from audio.room.echo_presence import EchoPresence

ROOM, ECHO, USER = 1e-4, 1e-2, 1.0


def frames(presence: EchoPresence, energy: float, seconds: float, *, playing: bool) -> bool:
    chance = np.random.default_rng(0)
    for _ in range(round(seconds * 100)):
        presence.hear(energy * float(chance.uniform(0.7, 1.3)), playing)
    return presence.echoing


def asked() -> EchoPresence:
    presence = EchoPresence()
    frames(presence, ROOM, 1.0, playing=False)
    frames(presence, USER, 2.0, playing=False)
    frames(presence, ROOM, 0.4, playing=False)
    return presence


def test_there_may_be_an_echo_until_a_reply_was_heard() -> None:
    assert asked().echoing


def test_a_level_that_stays_shows_that_there_is_none() -> None:
    presence = asked()
    assert not frames(presence, ROOM, 1.0, playing=True)
    assert not frames(presence, USER, 3.0, playing=True), "that is the user"


def test_an_echo_that_comes_late_is_found() -> None:
    presence = asked()
    frames(presence, ROOM, 0.4, playing=True)
    assert frames(presence, ECHO, 1.0, playing=True)


def test_every_reply_is_judged() -> None:
    presence = asked()
    assert not frames(presence, ROOM, 1.0, playing=True)
    frames(presence, ROOM, 1.5, playing=False)
    assert frames(presence, ECHO, 1.0, playing=True), "the headphones were unplugged"
    frames(presence, ROOM, 1.5, playing=False)
    assert not frames(presence, ROOM, 1.0, playing=True)


def test_a_reply_before_anything_of_the_room_was_heard() -> None:
    assert not frames(EchoPresence(), ROOM, 1.0, playing=True)
    assert frames(EchoPresence(), ECHO, 1.0, playing=True)
