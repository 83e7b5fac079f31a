"""Scenes for tests, in few words."""

from __future__ import annotations

from dialogue.blocks import Fact, Place, SceneBlock


def scene(at: float, *things: str, text: str = "", light: str = "bright", camera: bool = True) -> SceneBlock:
    """A scene at `at`: things such as "cup", "person left", "red car", a text, the light."""
    facts = [_fact(words, at) for words in things]
    facts += [Fact("text", "sign", text=text, since=at, at=at)] if text else []
    return SceneBlock((*facts, Fact("light", light, at=at)) if camera else (), "", at, camera)


def _fact(words: str, at: float) -> Fact:
    label, _, side = words.partition(" ")
    colour = label if label in ("red", "blue") else ""
    place: Place = "left" if side == "left" else "right" if side == "right" else ""
    return Fact("object", side if colour else label, place=place, colour=colour, since=at, at=at)
