"""Dialogue styles: persona, sampling and length of replies.

There are three: one for the small embedded model, whose size limits it to free talk, one for the larger embedded
model, and one for a chat model that the user has chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dialogue.llm.sampling import SamplingConfig
from dialogue.prompts.prompt import CHAT_PERSONA, EXAMPLES, LARGER_EXAMPLES, LARGER_PERSONA, PERSONA
from dialogue.rules.small_talk_patterns import TALK_OF_FACTS, TalkKind
from dialogue.text.spoken_text import HARD_TOKENS, SOFT_TOKENS


@dataclass(frozen=True, slots=True)
class DialogueStyle:
    """`soft_tokens` and `hard_tokens` bound a reply (see `spoken_text`)."""

    persona: str
    examples: tuple[tuple[str, str], ...]
    sampling: SamplingConfig
    soft_tokens: int
    hard_tokens: int
    scene_in_prompt: bool  # the scene is in the prompt beside the user's words, as data
    by_rule: frozenset[TalkKind] | None = None  # small talk answered by rule; None: all kinds


# Greedy with a repetition penalty: a model of this size repeats itself otherwise, and random sampling is no better.
SMALL_STYLE = DialogueStyle(
    PERSONA, EXAMPLES, SamplingConfig(penalty=1.12), SOFT_TOKENS, HARD_TOKENS, scene_in_prompt=False
)


def chat_style(sampling: SamplingConfig) -> DialogueStyle:
    """The style of a chat model that follows instructions; `sampling` is its publisher's advice."""
    return DialogueStyle(CHAT_PERSONA, (), sampling, 120, 200, scene_in_prompt=True, by_rule=TALK_OF_FACTS)


# What the larger embedded model answers wrongly about itself and the world.
LARGER_BY_RULE: frozenset[TalkKind] = TALK_OF_FACTS | {"who are you", "what are you", "your origin", "the world"}


def larger_style(sampling: SamplingConfig) -> DialogueStyle:
    """The style of the larger embedded model."""
    return replace(chat_style(sampling), persona=LARGER_PERSONA, examples=LARGER_EXAMPLES, by_rule=LARGER_BY_RULE)
