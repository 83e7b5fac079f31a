"""What is asked of a long text: a summary, a timeline, its chapters, or a question that stands beside it. Pure."""

from __future__ import annotations

import re
from typing import Literal

LONGEST_QUESTION = 400  # characters
SUM_UP = "Sum up the text."
_SUMMARY = re.compile(
    r"\s*(?:please |can you |could you )*(?:summari[sz]e|sum up|give (?:me )?a summary|sum (?:it|this|that) up"
    r"|what is (?:this|it|the text|the document) about)\b",
    re.IGNORECASE,
)
_TIMELINE = re.compile(
    r"\s*(?:please )?(?:(?:show|give|make|write|list|draw)\b.*)?\b(?:timeline|time line|chronology|chronological order|"
    r"in (?:the )?order of time)\b",
    re.IGNORECASE,
)
_CHAPTERS = re.compile(
    r"\s*(?:please )?(?:(?:show|give|make|write|list|what are)\b.*)?\b(?:chapters|table of contents|sections)\b",
    re.IGNORECASE,
)


def request_in(question: str) -> Literal["summary", "timeline", "chapters", "question"]:
    """What the words ask for; "question" for everything else."""
    if _SUMMARY.match(question):
        return "summary"
    if _TIMELINE.match(question):
        return "timeline"
    return "chapters" if _CHAPTERS.match(question) else "question"


def question_and_text(message: str) -> tuple[str, str]:
    """The question of a message that holds a long text as well: its last paragraph if that is short, else the first
    one; without either the whole is to be summed up."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n|\n(?=[^\n]*\Z)", message.strip()) if part.strip()]
    if len(paragraphs) > 1 and len(paragraphs[-1]) <= LONGEST_QUESTION:
        return paragraphs[-1], "\n\n".join(paragraphs[:-1])
    if len(paragraphs) > 1 and len(paragraphs[0]) <= LONGEST_QUESTION:
        return paragraphs[0], "\n\n".join(paragraphs[1:])
    return SUM_UP, message
