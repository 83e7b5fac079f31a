"""A person in front of the page: actions, and what the page shows and plays. Starts neither browser nor server."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as PatienceEnded

from audio.resample import resample_whole
from tests.browser.made_media import RATE_HZ

ANSWER_WITHIN_MS = 120_000  # long, for a loaded machine
TRIES = 3
SILENCE = 0.01  # level below which the loudspeaker is silent


@dataclass
class Person:
    """A person in front of the page."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.page.click("#start")
        self.page.wait_for_selector("#state[data-state=listening]", timeout=ANSWER_WITHIN_MS)

    def type(self, text: str) -> None:
        self.page.fill("#say-text", text)
        self.page.press("#say-text", "Enter")

    def wait_for(self, state: str) -> None:
        self.page.wait_for_selector(f"#state[data-state={state}]", timeout=ANSWER_WITHIN_MS)

    def wait_until_seen(self, what: str = ".") -> None:
        """Returns once the page's description of the scene matches the pattern `what`."""
        described = self.page.locator("#scene-description", has_text=re.compile(what))
        self._patiently(described, f"nothing like {what!r} was seen")

    def ask_aloud(self, understood: str) -> int:
        """Unmutes, which opens the microphone and starts its script. Returns which of the user's turns it was.

        Says it again into another microphone, as people do, when what was `understood` is something else.
        """
        for microphone in range(TRIES):
            number = len(self.captions("user")) + 1
            if microphone:
                self.take_microphone(microphone)
            else:
                self.page.click("#mute")
            self.wait_for_caption("user", number)
            if understood in plain(self.captions("user")[number - 1]["text"]):
                return number
            self.reply(number)
        return pytest.fail(f"The speech was not understood in {TRIES} tries; the page shows: {self.page_state()}")

    def take_microphone(self, number: int) -> None:
        """Chooses a microphone by its number in the list; 0 is the system's."""
        self.page.click("#settings-open")
        self.page.select_option("#pick-microphone", index=number)
        self.page.keyboard.press("Escape")

    def captions(self, role: str) -> list[dict[str, Any]]:
        """The captions of "user" or "assistant": {"text", "heard", "cut", "final"}, oldest first."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """role => [...document.querySelectorAll(`#captions [data-role=${role}]`)].map((item) => ({
                text: [...item.querySelectorAll(".text, .heard, .waiting, s")].map((e) => e.textContent).join(""),
                heard: item.querySelector(".heard")?.textContent ?? "",
                cut: item.dataset.cut === "true",
                final: item.dataset.final === "true",
            }))""",
            role,
        )
        return found

    def wait_for_caption(self, role: str, number: int) -> None:
        """Waits until the n-th caption of `role` is final."""
        final = self.page.locator(f'#captions [data-role={role}][data-final="true"]')
        self._patiently(final.nth(number - 1), f"the {role} has not said {number} things")

    def wait_for_words(self, role: str, pattern: str) -> None:
        """Waits until a caption of `role` matches the pattern, ignoring case."""
        said = self.page.locator(f"#captions [data-role={role}]", has_text=re.compile(pattern, re.IGNORECASE))
        self._patiently(said.first, f"the {role} has not said anything like {pattern!r}")

    def _patiently(self, element: Locator, otherwise: str) -> None:
        try:
            element.wait_for(state="attached", timeout=ANSWER_WITHIN_MS)
        except PatienceEnded:
            pytest.fail(f"{otherwise}; the page shows: {self.page_state()}")

    def page_state(self) -> str:
        """What the page shows, for the message of a failed test."""
        state, notice = self.page.get_attribute("#state", "data-state"), self.page.text_content("#notice")
        scene = self.page.text_content("#scene-description")
        return f"{state}; {notice!r}; {scene!r}; user {self.captions('user')}; assistant {self.captions('assistant')}"

    def reply(self, number: int = 1) -> dict[str, Any]:
        """The n-th reply, once it has ended or was cut."""
        self.wait_for_caption("assistant", number)
        return self.captions("assistant")[number - 1]

    def heard(self) -> np.ndarray:
        """The sound that was played so far, float32 at 16 kHz."""
        samples: np.ndarray = np.frombuffer(base64.b64decode(self.page.evaluate("recorder.sound()")), np.int16)
        return resample_whole((samples / 32768).astype(np.float32), RATE_HZ, 16_000)

    def heard_out(self) -> np.ndarray:
        """The sound that was played, once the loudspeaker is silent."""
        quiet = "silence => recorder.level(0.5) < silence"
        self.page.wait_for_function(quiet, arg=SILENCE, polling=50, timeout=ANSWER_WITHIN_MS)
        return self.heard()

    def wait_until_spoken_to(self, loud: float = 0.003) -> None:
        """Waits until any sound has been played."""
        try:
            self.page.wait_for_function(
                "loud => recorder.loudest > loud", arg=loud, timeout=ANSWER_WITHIN_MS, polling=50
            )
        except PatienceEnded:
            pytest.fail(f"no sound was played; the page shows: {self.page_state()}")

    def level(self, seconds: float) -> float:
        return float(self.page.evaluate("seconds => recorder.level(seconds)", seconds))


def plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))
