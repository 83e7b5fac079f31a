"""Dialogue styles: persona, sampling and length of replies.

There are three: one for the small embedded model, whose size limits it to free talk, one for the larger embedded
model, and one for a chat model that the user has chosen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dialogue.languages.detect import language_of
from dialogue.languages.questions import asks_for_long_text
from dialogue.llm.sampling import SamplingConfig
from dialogue.prompts.prompt import CHAT_PERSONA, EXAMPLES, LARGER_EXAMPLES, LARGER_PERSONA, PERSONA
from dialogue.prompts.scene_judge import SceneJudge, scene_judge
from dialogue.rules.question_kinds import QuestionKind
from dialogue.rules.small_talk_patterns import TALK_OF_FACTS, TalkKind
from dialogue.text.spoken_text import HARD_TOKENS, SOFT_TOKENS, SpokenText

_LONG = re.compile(r"\b(?:stor(?:y|ies)|(?:fairy )?tale|fable|poem|recipe|in detail|step by step)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """The word with which the examples begin where there is no answer. A reply about the scene begins with it
    where its probability reaches `least`: a small model gives it some, and then guesses all the same. A question is
    about a text in view where the probability reaches `unread` once the text is left out: 0.09 to 0.73 for 13 such
    questions beside a receipt, a ticket and opening hours, 0.0001 to 0.09 for 7 about the world. A sentence about
    the scene is said if its two least certain tokens have a mean probability of at least `uncertain`."""

    word: str
    least: float
    unread: float
    uncertain: float


@dataclass(frozen=True, slots=True)
class DialogueStyle:
    """`soft_tokens` and `hard_tokens` bound a reply (see `spoken_text`)."""

    persona: str
    examples: tuple[tuple[str, str], ...]
    sampling: SamplingConfig
    soft_tokens: int
    hard_tokens: int
    reads_scene: bool  # what is seen and read in the room is in the context, as data
    story_tokens: tuple[int, int] | None = None  # the bounds of a story or another long text that is asked for
    doubt: Doubt | None = None
    judge: SceneJudge | None = None  # of what a question is about; without it replies are not compared with the scene
    by_rule: frozenset[TalkKind] | None = None  # small talk answered by rule; None: all kinds
    scene_by_rule: frozenset[QuestionKind] | None = None  # the same for questions about the scene
    multilingual: bool = True  # it talks in other languages than English

    def spoken(self, asked: str, context_tokens: int, most: int | None = None) -> SpokenText:
        """Bounds the reply to what the user asked; a story takes at most a quarter of the context, and every reply at
        most `most` tokens."""
        soft, hard, long = self.soft_tokens, self.hard_tokens, False
        if self.story_tokens is not None and (_LONG.search(asked) or asks_for_long_text(asked, language_of(asked))):
            soft, hard = (min(tokens, context_tokens // 4) for tokens in self.story_tokens)
            hard, long = max(hard, self.hard_tokens), True
        return SpokenText(min(soft, most or soft), min(hard, most or hard), paragraphs=long)


# Greedy with a repetition penalty: a model of this size repeats itself otherwise, and random sampling is no better.
# With entries about the scene fewer of its everyday answers are right (11 of 29, against 16), and rules know the scene.
SMALL_STYLE = DialogueStyle(
    PERSONA,
    EXAMPLES,
    SamplingConfig(penalty=1.12),
    SOFT_TOKENS,
    HARD_TOKENS,
    reads_scene=False,
    multilingual=False,
)


def chat_style(sampling: SamplingConfig) -> DialogueStyle:
    """The style of a chat model that follows instructions; `sampling` is its publisher's advice."""
    return DialogueStyle(
        CHAT_PERSONA, (), sampling, 120, 200, reads_scene=True, story_tokens=(320, 400), by_rule=TALK_OF_FACTS
    )


# What the larger embedded model answers wrongly about itself and the world.
LARGER_BY_RULE: frozenset[TalkKind] = TALK_OF_FACTS | {"who are you", "what are you", "your origin", "the world"}

# Greedy: what is in view, prices and times are not to be drawn by lot.
LARGER_SAMPLING = SamplingConfig(penalty=1.05)


def larger_style(sampling: SamplingConfig) -> DialogueStyle:
    """The style of the larger embedded model."""
    return replace(
        chat_style(sampling),
        persona=LARGER_PERSONA,
        examples=LARGER_EXAMPLES,
        sampling=LARGER_SAMPLING,
        doubt=Doubt("Sorry", 0.03, 0.1, 0.42),
        judge=scene_judge(),
        by_rule=LARGER_BY_RULE,
    )
