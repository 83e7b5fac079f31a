"""The language and the voices of a session, as input and output events beside those of `events.py`."""

from __future__ import annotations

from dataclasses import dataclass

from stream.runtime.translating import Translated, TranslationChanged, TranslationSwitched


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The user chose the language of the call: a code of `dialogue.languages`, or "auto"."""

    code: str


@dataclass(frozen=True, slots=True)
class SpeakerChosen:
    """The user chose a voice of `stream.languages.speakers`; it speaks its own language."""

    name: str


LanguageControl = LanguageChosen | SpeakerChosen | TranslationSwitched


@dataclass(frozen=True, slots=True)
class LanguageChanged:
    """The language that the user speaks now; `fixed` where the user chose it."""

    code: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class VoiceDucked:
    """From now on the assistant's voice is sent more quietly, because somebody speaks over it; or as before.

    `silent`: nothing is sent for now, and what was sent and not played yet will be sent again.
    """

    on: bool
    silent: bool = False


LanguageNews = LanguageChanged | TranslationChanged | Translated | VoiceDucked
