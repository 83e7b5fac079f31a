"""Recognises what the user wants to be informed of when it is seen, and that they no longer want it. Pure rules.

Whole sentences only. A question about the present ("tell me if there is a dog") and one about the world ("tell me when
the war ended") are no rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dialogue.text.plain_words import sentences
from dialogue.text.time_words import seconds_in
from dialogue.watching.condition import Condition
from dialogue.watching.condition_words import Unwatchable, condition_in

_LONGEST_TEXT, _LONGEST_WORDS = 500, 40
_PLEASE = (
    "(?:(?:can|could|would|will) you |please |just |kindly |hey |ok |okay |so |and |then |now |from now on |omni "
    "|i (?:want|need|would like) you to |be sure to |make sure to |do )*"
)
_AT_ONCE = "(?: please| right away| immediately| at once| as well| again| straight away| so| about it| it)*"
# "Let me know when" asks for a rule; "tell me when" may ask for a time.
_STRONG = (
    "(?:let (?:me|us) know|(?:warn|alert|notify|inform|ping|call|wake|remind) (?:me|us)(?: up)?"
    "|give (?:me|us) (?:a |an )?(?:shout|heads up|warning|sign|signal|call|alarm|alert)"
    "|(?:shout|yell|beep|speak up|speak|raise (?:an|the) alarm|sound (?:an|the) alarm)"
    "|say (?:something|so|hello|hi|stop|now)|greet (?:me|us|them))"
)
_WEAK = "(?:tell (?:me|us)|say it|announce it)"
_EVERY = "(?:whenever|every time|each time|any time|anytime|always when)"
_JOIN = (
    rf"(?:when|if|as soon as|once|(?:at )?the (?:moment|instant|minute|next time)|next time|in case|should|{_EVERY})"
    r"(?: that(?! is\b))?"
)
_FIRST = re.compile(
    rf"{_PLEASE}(?:(?:watch|look at|keep an eye on|observe|guard|mind) [\w ]+? and )?{_PLEASE}"
    rf"(?:(?P<strong>{_STRONG})|{_WEAK}){_AT_ONCE} (?P<every>every time |always )?(?P<join>{_JOIN}) (?P<clause>.+)"
)
_LAST = re.compile(
    rf"{_PLEASE}(?P<join>{_JOIN}) (?P<clause>.+?) (?:then )?{_PLEASE}(?:(?P<strong>{_STRONG})|{_WEAK}){_AT_ONCE}"
)
_LOOK_OUT = re.compile(
    rf"{_PLEASE}(?:watch(?: out)?|look out|be on the lookout|keep (?:watch|a lookout|an eye out)"
    rf"|wait) for (?P<clause>.+)"
)
_GUARD = re.compile(rf"{_PLEASE}(?:watch|keep (?:an |your )?eyes? on|guard|look after) (?P<clause>.+)")
_ABOUT = re.compile(
    rf"{_PLEASE}(?:{_STRONG}|{_WEAK})(?: about| of)? (?P<every>every|each|any|all)(?: new)? (?P<clause>.+)"
)
_TRAILING = re.compile(
    r"(?: (?:and|then) (?:please )?(?:tell me|let me know|warn me|alert me)(?: about it)?| please| for me| okay| ok"
    r"| thanks| thank you| will you| would you| could you)$"
)
_REPEATS = re.compile(rf"^{_EVERY}|^always")
_NOW = re.compile(
    r"(?:there (?:is|are)|you (?:can )?(?:see|read|spot|notice)|.+ (?:is|are) (?:here|there|visible|in"
    r"|on|at)\b)"
)
# What follows a request without being anything that is seen.
_NOT_SEEN = re.compile(
    r"(?:you (?:are|have|need|want|know|think|can(?! (?:see|read))|would|could|hear|finish|get|understand|find out)"
    r"|(?:it|that|this) is (?:ok|okay|fine|time|right|wrong|true|correct|possible|over)|(?:we|they) \w+"
    r"|i (?:should|can|may|need|must|am (?:wrong|right|late)|make|say|forget))(?: .*)?"
    r"|(?:it|that|this) (?:is|works|helps|fits|suits .+)|.*\b(?:minutes|seconds|hours|an hour|a minute|oclock"
    r"|o clock|\d ?[ap]m|noon|midnight|tomorrow|today)\b.*"
)

_RULES = "(?:rules?|watch(?:es)?|watch rules?|alerts?|alarms?|notifications?)"
_NO_MORE = "(?: any ?more| any longer| from now on| now| again)*"
_STOP = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE}(?:stop|quit|cancel|end|no need to keep|(?:you can )?stop) "
        rf"(?:watching|looking|waiting|guarding|keeping (?:an eye|watch|a lookout))(?: out)?(?: (?:for|on|over))?"
        rf"(?: (?P<which>.+?))?{_NO_MORE}",
        rf"{_PLEASE}(?:stop|quit) (?:telling|warning|alerting|notifying|informing|reminding)(?: (?:me|us))?"
        rf"(?: (?:about|of|when|whenever|if|every time|that) (?P<which>.+?))?{_NO_MORE}",
        rf"{_PLEASE}(?:do not|no longer|you (?:need|do) not(?: have to| need to)?) (?:{_STRONG}|{_WEAK})"
        rf"(?P<more> any ?more)? (?:about|of|when|whenever|if|every time) (?P<which>.+?){_NO_MORE}",
        rf"{_PLEASE}(?:do not|no longer|you (?:need|do) not(?: have to| need to)?) (?:watch|look out|look|wait)"
        rf"(?: out)?(?: (?:for|on))?(?: (?P<which>.+?))?{_NO_MORE}",
        rf"{_PLEASE}(?:delete|remove|cancel|clear|forget|stop|drop|switch off|turn off) (?P<all>all )?(?:of )?"
        rf"(?:the |my |your |that |this |those |these )?(?P<nth>first |second |third |fourth |last |other )?"
        rf"(?:\w+ )??{_RULES}"
        rf"(?: number)?(?: (?:about|for|on|when|with|of|that says))?(?: (?P<which>.+?))?",
    )
)
_LIST = re.compile(
    rf"(?:what|who|which things) are you (?:watching|looking out|looking|waiting)(?: out)?(?: for| on)?(?: "
    rf"(?:right )?now)?"
    rf"|(?:what|which|list|show|tell me|read|do you have|are there)(?: me)?(?: all| any)?(?: of)?(?: the| my"
    rf"| your)? {_RULES}"
    r"(?: (?:do you have|are there|are set|have i set|are active|did i set))?"
    r"|what (?:will|would) you (?:tell me|alert me|warn me)(?: about)?"
)
NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What is asked. "add": `condition` is what to wait for, or why that cannot be done. "stop": `which` names the
    rules, `nth` is the place of one in the list; neither: all. "list": which rules there are."""

    kind: Literal["add", "stop", "list"]
    condition: Condition | Unwatchable | None = None
    every_time: bool = False
    which: str = ""
    nth: int | None = None


def watch_request(text: str, *, watching: bool = False) -> WatchRequest | None:
    """The request in what the user said; None for anything else. `watching`: there are rules, which may be meant."""
    text = text[-_LONGEST_TEXT:]
    for words in reversed(sentences(text)[-3:]):
        if len(words.split()) > _LONGEST_WORDS:
            continue
        if (found := _add(words, text) or _stop(words, watching)) is not None:
            return found
        if _LIST.fullmatch(words):
            return WatchRequest("list")
    return None


def _add(words: str, text: str) -> WatchRequest | None:
    once, words = words.endswith(" once"), words.removesuffix(" just once").removesuffix(" once")
    while (shorter := _TRAILING.sub("", words)) != words and not _LAST.fullmatch(words):
        words = shorter
    for found in _readings(words):
        named = found.groupdict()
        clause, join = named["clause"], named.get("join") or ""
        clause = clause.removesuffix(" again")
        if seconds_in(clause) is not None or _NOT_SEEN.fullmatch(clause):
            return None
        strong = named.get("strong") is not None
        if join == "if" and not strong and _NOW.match(clause):
            return None
        condition = condition_in(clause, text)
        if condition is None and strong:
            condition = Unwatchable("")
        if condition is not None:
            repeats = bool(named.get("every") or _REPEATS.match(join)) and not once
            return WatchRequest("add", condition, repeats)
    return _looked_for(words, text)


def _readings(words: str) -> Iterator[re.Match[str]]:
    for pattern in (_FIRST, _LAST):
        if found := pattern.fullmatch(words):
            yield found


def _looked_for(words: str, text: str) -> WatchRequest | None:
    """ "Watch out for dogs", "keep an eye on my bag", "tell me about every car"."""
    if found := _ABOUT.fullmatch(words):
        condition = condition_in(f"you see {found['clause']}", text)
        return WatchRequest("add", condition, True) if isinstance(condition, Condition) else None
    if found := _LOOK_OUT.fullmatch(words):
        condition = condition_in(found["clause"], text) or condition_in(f"you see {found['clause']}", text)
        return WatchRequest("add", condition) if condition is not None else None
    if found := _GUARD.fullmatch(words):
        condition = condition_in(f"{found['clause']} is gone", text)
        return WatchRequest("add", condition) if isinstance(condition, Condition) and condition.labels else None
    return None


def _stop(words: str, watching: bool) -> WatchRequest | None:
    for pattern in _STOP:
        if found := pattern.fullmatch(words):
            named = found.groupdict()
            which = (named.get("which") or "").strip()
            nth = NTH.get((named.get("nth") or "").strip())
            if which in _NTH_WORDS:
                which, nth = "", _NTH_WORDS[which]
            if not watching and "watch" not in words and not re.search(_RULES, words):
                return None
            return WatchRequest("stop", which="" if which in _ALL else which, nth=nth)
    return None


_ALL = frozenset(
    ("it", "that", "this", "everything", "anything", "all", "them", "all of them", "please", "me", "things")
)
_NTH_WORDS = {"one": 0, "1": 0, "two": 1, "2": 1, "three": 2, "3": 2, "four": 3, "4": 3} | NTH
