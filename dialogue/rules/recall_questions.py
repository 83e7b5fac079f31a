"""Is this a question about something said or read earlier, whose words are sought, and about what? Pure rules.

Things seen earlier are asked as scene questions (`questions`); here are words: the user's, ours, and those of the
room. Does not answer and does not know the log. None when in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dialogue.text.plain_words import core, plain, sentences

Whose = Literal["user", "assistant", "room", "any"]

_LONGEST_TEXT, _LONGEST_QUESTION = 2000, 25

_SHEET = (
    "(?:signs?|pages?|papers?|sheets?|notes?|labels?|posters?|cards?|whiteboards?|boards?|banners?|stickers?|letters?"
    "|tickets?|menus?|bills?|receipts?|envelopes?|packages?|packets?|screens?|magazines?|newspapers?|books?)"
)
_TELL = "(?:tell|told|say|said|mention|mentioned|ask|asked|explain|explained|answer|answered)"
_WH = r"(?:what|when|where|who|whom|whose|which|why|how)(?: \w+)*?"
_ABOUT = r"(?: (?:about|of|that|anything about|something about|if|whether))*"
_YOU = "(?: (?:to )?(?:you|me))?(?: (?:before|earlier|already))?"

# The first that matches the whole sentence counts. `about` holds what the words were about.
_TABLE: tuple[tuple[Whose, bool, str], ...] = (
    ("user", True, rf"{_WH} (?:did|have|had) i (?:ever |already |just )?{_TELL}{_YOU}{_ABOUT} (?P<about>.+)"),
    ("user", True, rf"(?P<about>{_WH}) (?:did|have) i {_TELL}(?: (?:to )?you)? (?:earlier|before)"),
    ("user", True, rf"(?:did|have|had) i (?:ever |already )?{_TELL}{_YOU}{_ABOUT} (?P<about>.+)"),
    ("user", True, rf"what i {_TELL}{_YOU}{_ABOUT} (?P<about>.+)"),
    ("user", True, r"(?:do|can) you (?:still )?(?:remember|know|recall) (?P<about>(?:my|our) .+)"),
    ("user", True, r"what do you (?:still )?(?:know|remember) about (?P<about>(?:my|our) .+)"),
    (
        "assistant",
        True,
        rf"(?:{_WH} )?(?:did|have|had) you (?:ever |already |just )?{_TELL}{_YOU}{_ABOUT} (?P<about>.+)",
    ),
    ("room", True, rf"what (?:did|was on) the (?P<about>\w+ {_SHEET})(?: say| read)?"),
    ("room", True, rf"what (?:did|was on) (?:the|a|that) {_SHEET} (?P<about>\w+ .+?)(?: say| read)?"),
    ("room", True, rf"(?:did|have) you (?:ever )?(?:see|seen|read) (?:a|any|the) {_SHEET} (?P<about>(?:about|for) .+)"),
    ("room", True, rf"(?P<about>{_WH} .*?)\b(?:on|in|from|according to) (?:the|that) (?:\w+ )?{_SHEET}(?: .*)?"),
    ("user", False, rf"(?P<about>{_WH} (?:is|are|do|does) (?:the \w+ of )?(?:my|our) .+)"),
    ("user", False, r"(?P<about>where do (?:i|we) .+)"),
    ("user", False, r"(?P<about>(?:what|where|who|how|which) (?:\w+ )?am i .+)"),
    ("user", False, r"(?P<about>(?:what|when|where|who) (?:is|are) the .+)"),
    ("any", False, rf"(?P<about>{_WH} (?:was|were|did|had) .+)"),
    ("any", False, rf"(?P<about>{_WH} the .+ (?:was|were|is|are))"),
)
_PATTERNS = tuple((whose, sure, re.compile(pattern)) for whose, sure, pattern in _TABLE)

_REMIND = re.compile(r"^(?:can you |could you |please )*remind me (?:again )?(?:of )?(?=\w)")

# Words that a question needs and its answer does not.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an the my our your his her its their this that these those i me you we us he him she it they them mine ours "
        "what when where who whom whose which why how is are was were be been being am do does did has have had can "
        "could would should will shall may might must to of in on at by for from with about into than then as and or "
        "but if whether not no any some there here say says said tell told mention mentioned ask asked remember know "
        "recall earlier before beginning start first last again ago minute minutes hour hours while just once back "
        "ever already exactly please so far today now very much many long thing things something anything one ones s "
        "read see seen saw go goes going get got want wanted need call called written still name names named "
        "sign signs page paper sheet note label poster card whiteboard board banner sticker letter ticket menu bill "
        "receipt envelope package screen magazine newspaper book talk talking talked doing up remind",
    )
)
# Said in one word, asked for with another: each row is one idea. Regular forms are the index's business.
_SAME = {
    row.split()[0]: tuple(row.split())
    for row in (
        "old age born birthday years", "live living home address moved", "job work works", "cost price pay paid",
        "car parked", "mum mom mother", "mother mum mom", "dad father", "father dad", "kids children", "children kids",
        "grow grew grown", "leave left", "park parked car", "pay paid", "buy bought", "eat ate eaten had", "meet met",
        "put laid left", "keep kept", "lose lost", "find found", "drive drove", "come came coming", "give gave given",
        "make made", "take took taken", "think thought", "teach taught", "break broke broken", "fly flew flight",
        "hide hid hidden", "forget forgot", "sell sold", "send sent", "speak spoke", "write wrote", "sleep slept",
        "wear wore", "win won", "lend lent", "spend spent", "hurt hurts", "wife married",
        "husband married",
    )
}  # fmt: skip
MY_NAME = ("my name is", "my names", "call me", "i am called")
NAMES = ("name", "named", "called", "call")


@dataclass(frozen=True, slots=True)
class RecallQuestion:
    """`words` are groups: each stands for one idea, in any of the words of its group.

    `sure`: it is plainly about what was said or read, so that not finding it is worth saying. `first`: the beginning
    is meant. `name`: a name is asked for. `strict`: it may as well be about the world, and mostly is.
    """

    whose: Whose
    about: str
    words: tuple[tuple[str, ...], ...]
    sure: bool
    first: bool = False
    name: bool = False
    strict: bool = False


def recall_question(text: str) -> RecallQuestion | None:
    """What of the words said and read earlier the user asks for; None if it is no such question."""
    asked = [part for part in sentences(text[-_LONGEST_TEXT:]) if len(part.split()) <= _LONGEST_QUESTION]
    for words in reversed(asked[-3:]):
        bare = core(_REMIND.sub("", core(words)))
        for whose, sure, pattern in _PATTERNS:
            if found := pattern.fullmatch(bare):
                return _understood(whose, sure, found["about"], bare)
    return None


def is_question(text: str) -> bool:
    """Whether a turn asks and tells nothing: what it says is no news when recalled."""
    parts = [core(words) for words in sentences(text[-_LONGEST_TEXT:])]
    return bool(parts) and all(_ASKS.match(part) or (text.rstrip().endswith("?") and len(parts) == 1) for part in parts)


def ideas_in(about: str) -> tuple[tuple[str, ...], ...]:
    """The words that matter, each with others that say the same."""
    words = plain(about).split()
    return tuple(dict.fromkeys(_SAME.get(word, (word,)) for word in words if word not in _EMPTY))


_ASKS = re.compile(
    r"(?:what|when|where|who|which|why|how|(?:is|are|was|were|do|does|did|can|could|will|would|have|has|should)"
    r" (?:you|i|it|he|she|we|they|there|the|my|this|that|any|your|not)|tell me|read|describe|count)\b"
)


def _understood(whose: Whose, sure: bool, about: str, whole: str) -> RecallQuestion | None:
    groups = ideas_in(about)
    first = bool(re.search(r"\b(?:beginning|start|first)\b", whole))
    name = bool(re.search(r"\b(?:names?|named|called)\b", whole))
    if not groups:
        if whose != "user" or not re.search(r"\bmy name\b", whole):
            return None
        return RecallQuestion(whose, about, (MY_NAME,), sure, first, name)
    strict = bool(re.match(r"(?:what|when|where|who) (?:is|are) the (?!name of (?:my|our)\b)", about))
    return RecallQuestion(whose, about, groups, sure, first, name, strict)
