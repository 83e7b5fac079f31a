"""Whether words in a language other than English are all that the user says: for the end of a turn. Pure."""

from __future__ import annotations

import re

from dialogue.languages.language import Language
from dialogue.languages.questions import asked


def are_whole(text: str, lang: Language) -> bool | None:
    """True for a question or request that a rule answers, False where the words break off ("set a timer for"); None
    where they tell nothing."""
    if re.search(lang.table["floor"]["breaks_off"], lang.plain(text)):
        return False
    return True if asked(text, lang) is not None else None
