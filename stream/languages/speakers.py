"""The voices of each language by name, the default first. Plain data; English has two synthesisers, others Kokoro."""

from __future__ import annotations

from collections.abc import Mapping

from dialogue.languages.language import CODES, ENGLISH, language

AUTO = "auto"
HIBARI = "hibari"  # the fast English voice; the others take some fifty times as long
ENGLISH_SPEAKERS = (HIBARI, "af_heart", "af_bella", "af_nicole", "am_michael", "am_fenrir", "bf_emma", "bm_george")
ENGLISH_SAMPLE = "Hello, I am Omni. What shall we look at?"

SPEAKERS_OF: Mapping[str, tuple[str, ...]] = {
    code: ENGLISH_SPEAKERS if code == ENGLISH else language(code).speakers for code in CODES
}
LANGUAGE_OF: Mapping[str, str] = {name: code for code, names in SPEAKERS_OF.items() for name in names}


def own_name(code: str) -> str:
    """The name of a language in that language."""
    return "English" if code == ENGLISH else language(code).own_name


def sample(code: str) -> str:
    """What a voice of this language says to introduce itself."""
    return ENGLISH_SAMPLE if code == ENGLISH else str(language(code).table["sample"])
