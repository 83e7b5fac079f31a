"""How a mind is to converse: what it is told about itself, how it chooses words, how long it may speak.

Two manners: of the embedded model, which is too small to be trusted with more than free talk, and of a chat model
that a user has chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.llm.sampling import SamplingConfig
from dialogue.prompts.prompt import CHOSEN_PERSONA, EXAMPLES, PERSONA
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
    told_scene: bool  # what the eyes found is told with the user's words, as data
    by_rule: frozenset[TalkKind] | None = None  # small talk that is not the model's; None: all there are rules for


# Greedy, with a penalty: a model of this size repeats itself otherwise, and is no better at random.
SMALL = DialogueStyle(PERSONA, EXAMPLES, SamplingConfig(penalty=1.12), SOFT_TOKENS, HARD_TOKENS, told_scene=False)


def chosen(sampling: SamplingConfig) -> DialogueStyle:
    """Of a chat model that can follow an instruction; `sampling` is what its makers advise."""
    return DialogueStyle(CHOSEN_PERSONA, (), sampling, 120, 200, told_scene=True, by_rule=TALK_OF_FACTS)
