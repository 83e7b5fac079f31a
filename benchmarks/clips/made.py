"""The clips: slides, a desk, a walk, a shaking hand, a static room, lights, scrolling text."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np

from benchmarks.clips.clip import HEIGHT, WIDTH, Clip, ClipQuestion, photos, room, with_photo, with_sign
from vision.picture import Pixels

_TITLES = (
    "BUDGET",
    "ROADMAP",
    "RESULTS",
    "MARKETING",
    "HIRING",
    "QUESTIONS",
    "SUMMARY",
    "SCHEDULE",
    "TRAVEL",
    "SAFETY",
)
_PLACES = ("EXIT", "LIBRARY", "KITCHEN", "PARKING", "TICKETS", "REST ROOM", "GATE", "OFFICE")


def clips(random: Random) -> list[Clip]:
    """One of each kind; `random` chooses texts, places and times."""
    return [
        _slides(random),
        _desk(random),
        _walk(random),
        _hand(random),
        _static(random),
        _lights(random),
        _scrolling(random),
    ]


def _slides(random: Random) -> Clip:
    titles = [f"{title} {random.randint(11, 99)}" for title in random.sample(_TITLES, 6)]
    pictures = [with_sign(room((60, 70, 110)), [title, "page one of many"]) for title in titles]
    ends = np.cumsum([random.uniform(5, 9) for _ in titles])

    def number(t: float) -> int:
        return min(int(np.searchsorted(ends, t, side="right")), len(titles) - 1)

    asked = [ClipQuestion(end - 1.5, "What does it say?", (title,)) for end, title in zip(ends, titles, strict=True)]
    asked[2:2] = [ClipQuestion(ends[1] + 3.0, "What did it say before?", (titles[1],))]
    asked.append(ClipQuestion(ends[-1] - 0.5, "What did it say at the beginning?", (titles[0],)))
    return Clip("slides", float(ends[-1]), lambda t: pictures[number(t)], tuple(asked))


def _desk(random: Random) -> Clip:
    """Photos of things are put on the desk and taken away."""
    left, right = random.uniform(0.2, 0.28), random.uniform(0.72, 0.8)
    bare, all_photos = room(), photos()
    cup = with_photo(bare, all_photos["cup"], left)
    both = with_photo(cup, all_photos["cat"], right)
    cat = with_photo(bare, all_photos["cat"], right)
    person = with_photo(cat, all_photos["person"], left)
    stages = [(0.0, bare), (6.0, cup), (13.0, both), (20.0, cat), (27.0, person), (35.0, bare)]

    def view(t: float) -> Pixels:
        return [picture for since, picture in stages if since <= t][-1]

    return Clip(
        "desk",
        42.0,
        view,
        (
            ClipQuestion(4.0, "Is there a cup?", (), ("yes",)),
            ClipQuestion(10.0, "Is there a cup?", ("cup",), ("don't", "can't", "not")),
            ClipQuestion(17.0, "Where is the cat?", ("right",)),
            ClipQuestion(24.0, "Is there a cup?", ("not right now",)),
            ClipQuestion(25.0, "Was there a cup?", ("yes",)),
            ClipQuestion(31.0, "How many people are there?", ("one person",)),
            ClipQuestion(40.0, "Is there anyone?", (), ("yes",)),
        ),
    )


def _walk(random: Random) -> Clip:
    """A pan over a long corridor with signs and photos, blurred by the movement, with stops."""
    places = random.sample(_PLACES, 4)
    signs = [f"{place} {random.randint(11, 99)}" for place in places]
    corridor = np.concatenate([with_sign(room(), [sign]) for sign in signs], axis=1)
    stop_s, step_s = 3.0, 4.0

    def view(t: float) -> Pixels:
        leg, within = divmod(t, stop_s + step_s)
        x = (min(int(leg), len(signs) - 1) + min(max(within - stop_s, 0.0) / step_s, 1.0)) * WIDTH
        x = min(x, (len(signs) - 1) * WIDTH)
        picture = corridor[:, round(x) : round(x) + WIDTH]
        moving = within > stop_s and x < (len(signs) - 1) * WIDTH
        return np.asarray(cv2.blur(picture, (21, 1)), np.uint8) if moving else picture

    legs = range(len(signs))
    asked = [ClipQuestion(leg * (stop_s + step_s) + 2.5, "What does the sign say?", (signs[leg],)) for leg in legs]
    last = (len(signs) - 1) * (stop_s + step_s) + stop_s
    asked.append(ClipQuestion(last, "What did the sign say at the beginning?", (signs[0],)))
    return Clip("walk", last + 0.5, view, tuple(asked))


def _hand(random: Random) -> Clip:
    """A view held in a hand: it shakes, and every few frames are blurred."""
    sign = f"{random.choice(_PLACES)} {random.randint(11, 99)}"
    held = with_sign(with_photo(room(), photos()["person"], 0.25), [sign], 0.7)
    phases = [random.uniform(0, 6.28) for _ in range(4)]

    def view(t: float) -> Pixels:
        x = 9 * np.sin(2 * np.pi * 1.1 * t + phases[0]) + 4 * np.sin(2 * np.pi * 3.7 * t + phases[1])
        y = 7 * np.sin(2 * np.pi * 0.9 * t + phases[2]) + 3 * np.sin(2 * np.pi * 4.1 * t + phases[3])
        back = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0.4 * np.sin(2 * np.pi * 0.7 * t), 1.0)
        back[:, 2] += (x, y)
        shaken = cv2.warpAffine(held, back, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.GaussianBlur(shaken, (0, 0), 2.5) if int(t * 8) % 4 == 1 else shaken, np.uint8)

    return Clip(
        "hand",
        30.0,
        view,
        (
            ClipQuestion(8.0, "What does the sign say?", (sign,)),
            ClipQuestion(15.0, "Is there a person?", ("person",), ("don't", "can't", "not")),
            ClipQuestion(28.0, "Is there a cat?", (), ("yes",)),
        ),
    )


def _static(random: Random) -> Clip:
    """Ten minutes in which nothing happens."""
    view = with_photo(room(), photos()["cup"], random.uniform(0.2, 0.4))
    yes: tuple[str, ...] = ("cup",)
    asked = [ClipQuestion(at, "Is there a cup?", yes, ("don't", "can't", "not")) for at in (30.0, 310.0)]
    asked += [ClipQuestion(590.0, "Is there a dog?", (), ("yes",))]
    return Clip("static", 600.0, lambda _: view, tuple(asked))


def _lights(random: Random) -> Clip:
    """The light is switched off and on again."""
    lit = with_photo(room(), photos()["cat"], random.uniform(0.4, 0.6))
    unlit = (lit * 0.04).astype(np.uint8)

    def view(t: float) -> Pixels:
        return unlit if 8.0 <= t < 16.0 else lit

    return Clip(
        "lights",
        24.0,
        view,
        (
            ClipQuestion(6.0, "Is it dark?", (), ("dark.", "quite dark", "rather dark")),
            ClipQuestion(12.0, "Is it dark?", ("dark",), ("neither",)),
            ClipQuestion(20.0, "Is there a cat?", ("cat",), ("don't", "can't", "not")),
            ClipQuestion(22.0, "Is it dark?", (), ("quite dark", "rather dark")),
        ),
    )


def _scrolling(random: Random) -> Clip:
    """A long text that scrolls up, a line every three seconds."""
    lines = [f"{number + 1}. {random.choice(_TITLES)} {random.randint(100, 999)}" for number in range(16)]
    step, margin = 120, HEIGHT
    page = np.full((2 * margin + step * len(lines), WIDTH, 3), 244, np.uint8)
    for number, line in enumerate(lines):
        band = slice(margin + number * step, margin + (number + 1) * step)
        page[band] = with_sign(page[band], [line], px=64)

    def view(t: float) -> Pixels:
        top = margin - HEIGHT // 2 + round(t / 3.0 * step)
        return page[top : top + HEIGHT]

    asked = [ClipQuestion(3.0 * number + 1.5, "What does it say?", (lines[number],)) for number in (2, 6, 10)]
    return Clip("scrolling", 36.0, view, tuple(asked))
