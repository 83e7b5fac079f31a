"""Decides what a message asks: an answer by rule where no model is needed, else the prompt for the engine.

The typed text is the question; recordings, pictures and films are what it is about. Only where nothing is typed do
the words of a recording or film ask the question themselves.
"""

from __future__ import annotations

import re

from dialogue.blocks import SceneBlock
from dialogue.engine import Engine
from dialogue.prompts.scene_text import pictures_in_words
from dialogue.rules.scene_questions import scene_question
from dialogue.shown.comparing import answer_by_comparing, compares
from dialogue.shown.receipts import answer_about_amounts
from dialogue.shown.several_pictures import answer_about_pictures, named_picture, shown_again
from dialogue.shown.subjects import Attention, names_of, subjects
from stream.requests.message_intake import PICTURES_APART_S, TakenMessage
from stream.showing.film_speech import in_words

# "What is being said?", "Transcribe this", "What did she say in the recording?": answered with the transcript.
ASKS_FOR_WORDS = re.compile(
    r"\btranscri(be|pt)|\bwrite (it|this|that) down\b|\bwhat\b.*\b(said|say|says|saying|spoken|hear|heard)\b"
    r"|\brepeat\b|\bword for word\b",
    re.IGNORECASE,
)
# With a picture the same words may ask for its text ("What does the sign say?"): that is about writing, not speech.
ASKS_ABOUT_WRITING = re.compile(
    r"\b(signs?|posters?|labels?|boards?|whiteboards?|screens?|pages?|papers?|plates?|stickers?|shirts?|covers?|notes?"
    r"|banners?|titles?|captions?|subtitles?|text|letters|writing|written|books?|pictures?|photos?|images?|signboards?)\b",
    re.IGNORECASE,
)

NO_WORDS = "I could not make out any words in the recording."


def answer_by_rule(taken: TakenMessage, *, reads: bool, hears: bool) -> str | None:
    """The answer that needs no model, or that this model would make up; None where the engine is to answer.

    `reads`: the model answers questions about a text; `hears`: the engine has the sound itself.
    """
    question = taken.question
    transcript = " ".join([*taken.heard, *(each.text for each in taken.spoken)])
    seen = bool(taken.film or taken.pictures)
    asks_for_words = bool(ASKS_FOR_WORDS.search(question)) and not (seen and ASKS_ABOUT_WRITING.search(question))
    if taken.sound and not transcript and not hears and (asks_for_words or not seen):
        return NO_WORDS
    if question and transcript and (asks_for_words or not (reads or (seen and scene_question(question)))):
        return f"The {'film' if taken.film and not taken.heard else 'recording'} says: \u201c{transcript}\u201d"
    things = subjects(question, taken.pictures, Attention(fresh=True, topic=False, camera=False))
    names = names_of(things) if things else []
    known = answer_about_amounts(question, things, names) or answer_by_comparing(question, things, names)
    return known or answer_about_pictures(question, _scenes(taken))


async def prompt_of(taken: TakenMessage, engine: Engine, *, has_rules: bool) -> str:
    """The text to feed as the user's question. A picture that the question names is fed again as the newest scene.

    `has_rules`: the engine answers scene questions by rule, which takes the question without the words around it.
    """
    question, heard = taken.question, " ".join(taken.heard)
    if not question:
        return heard or " ".join(each.text for each in taken.spoken) or "What do you see?"
    several = len(taken.pictures) > 1
    if several and not compares(question) and (named := named_picture(question, len(taken.pictures))) is not None:
        index, question = named
        taken.at += PICTURES_APART_S
        await engine.feed(shown_again(_scenes(taken)[index], taken.at))
        several = False
        if has_rules and scene_question(question) is None:
            question = re.sub(r"\bthe picture\b", "it", question, flags=re.IGNORECASE)
    if has_rules and (taken.pictures or taken.film) and scene_question(question):
        return question
    return "\n".join(
        filter(
            None,
            (
                question,
                f"The recording says: \u201c{heard}\u201d" if heard else "",
                in_words(taken.spoken) if taken.spoken else "",
                pictures_in_words(_scenes(taken)) if several else "",
            ),
        )
    )


def _scenes(taken: TakenMessage) -> list[SceneBlock]:
    return [picture.views[0].scene for picture in taken.pictures]
