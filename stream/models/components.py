"""Finds the models around an engine by name: speech recognisers (ASR), voices (TTS), object detectors
and namers, which give detected objects finer names.

Other packages add theirs through the entry point groups `omnilive.asr`, `omnilive.tts`, `omnilive.detectors` and
`omnilive.namers`; an entry point is a `Component`. Models are imported when they are opened, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from dialogue.engines.entry import registered
from dialogue.errors import BadInput

Role = Literal["asr", "tts", "detectors", "namers"]


@dataclass(frozen=True)
class Component:
    """One model. `open` gets the paths of its `weights` (sets of the weight store) and loads it (blocking)."""

    name: str
    about: str
    open: Callable[[Mapping[str, Path]], Any]
    weights: tuple[str, ...] = ()


def _open_whisper(weights: Mapping[str, Path]) -> Any:
    from audio.transcribe import Transcriber
    from dialogue.requests.whole_question import is_whole_question

    return Transcriber(weights["whisper-tiny.en"], threads=1, is_expected=is_whole_question)


def _open_hibari(_weights: Mapping[str, Path]) -> Any:
    from audio.voices.voice import Synthesizer

    return Synthesizer(threads=1)


def _open_nanodet(weights: Mapping[str, Path]) -> Any:
    from vision.faces import Faces, PeopleDetector

    return PeopleDetector(weights["nanodet-g"], Faces(weights["centerface"]), threads=1)


def _open_efficientnet(weights: Mapping[str, Path]) -> Any:
    from vision.naming.namer import ImageNetNamer

    return ImageNetNamer(weights["efficientnet-lite0"], threads=1)


BUILT_IN: Mapping[Role, tuple[Component, ...]] = {
    "asr": (Component("whisper-tiny.en", "Whisper tiny, English", _open_whisper, ("whisper-tiny.en",)),),
    "tts": (Component("hibari", "hibari, English", _open_hibari),),
    "detectors": (
        Component("nanodet-g", "NanoDet-g, COCO's 80 classes, and faces", _open_nanodet, ("nanodet-g", "centerface")),
    ),
    "namers": (
        Component(
            "efficientnet-lite0",
            "EfficientNet-Lite0: kinds of cats, dogs, cups, cars ... among ImageNet's 1000 classes",
            _open_efficientnet,
            ("efficientnet-lite0",),
        ),
    ),
}


@cache
def components(role: Role) -> Mapping[str, Component]:
    """Every model of a role by name, the built-in ones first. Raises BadInput for a name used twice."""
    return registered(f"omnilive.{role}", BUILT_IN[role], Component)


def component(role: Role, name: str) -> Component:
    """The model of this role and name. Raises BadInput where there is none."""
    if name not in components(role):
        raise BadInput(f"There is no {role} model called {name!r}; choose one of {', '.join(components(role))}.")
    return components(role)[name]
