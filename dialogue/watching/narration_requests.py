"""Recognises that the user wants what is seen described while it happens, and that they no longer do. Pure rules.

Whole sentences only. "What is happening?" asks once and is a question about the scene; "tell me what happens" is not.
"""

from __future__ import annotations

import re
from typing import Literal

from dialogue.text.plain_words import sentences

NarrationRequest = Literal["on", "off"]

_LONGEST_TEXT, _LONGEST_WORDS = 300, 25
_PLEASE = (
    "(?:(?:can|could|would|will) you |please |just |ok |okay |so |and |then |now |from now on |omni |always "
    "|i (?:want|need|would like) you to |i am blind )*"
)
_DESCRIBE = "(?:describe|narrate|tell (?:me|us)|report|comment on|say|announce|explain)"
_AROUND = (
    "(?: (?:around (?:me|us|here|you)|here|there|in front of (?:me|us|you|the camera|your camera)|in the (?:room"
    "|picture|view)"
    "|before me|outside|in my surroundings|near me|to me))*"
)
_ONGOING = (
    "(?:from now on|continuously|constantly|all the time|live|in real time|as (?:it|they|things) happens?|as (?:we"
    "|i) go"
    "(?: along)?|while (?:i|we) (?:walk|go|move|drive)(?: around| along)?|as (?:i|we) (?:walk|move)(?: around| along)?"
    "|when(?:ever)? (?:it|something|anything) (?:changes|happens)|without (?:me )?(?:being asked|asking)"
    "|the whole time)"
)
_SEEN = (
    r"(?:what (?:is|you can|you|i) ?(?:there|going on|happening|around|see|seeing|are seeing)?|everything(?: that)?"
    r"(?: you see| happens)?"
    r"|(?:my|our|the) (?:surroundings?|environment|scene|room)|the (?:world|things)|it|things)"
)
_NARRATION = (
    "(?:the |your )?(?:narration|narrating|live description|descriptions?|commentary|narrator|describing"
    "|commenting)(?: mode)?"
)
# What can be meant while the camera is on: "keep telling me about Rome" is none of it.
_VIEW = (
    r"(?:(?:everything|what|whatever) (?:you (?:can )?(?:see|are seeing)|happens|changes|goes on|moves|comes"
    r"|is (?:happening|going on|around|there|new|in front).*)(?: .*)?|(?:my|our|the) (?:surroundings?|scene|room"
    r"|view)(?: .*)?"
    r"|everything|it|things)"
)
_IN_VIEW = rf"(?: {_VIEW})?(?: for (?:me|us)| now| again)*"
_ON = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE}(?:start|begin|turn on|switch on|enable|activate) {_NARRATION}{_IN_VIEW}",
        rf"{_PLEASE}(?:turn|switch) {_NARRATION} on",
        rf"{_NARRATION} (?:on|please)",
        rf"{_PLEASE}narrate(?: {_SEEN})?{_AROUND}(?: for (?:me|us))?(?: {_ONGOING})?",
        rf"{_PLEASE}{_DESCRIBE}(?: to me)? (?:what(?:ever)? (?:happens|goes on|changes|comes|moves)|what is around "
        rf"(?:me|us))"
        rf"{_AROUND}(?: for (?:me|us))?(?: {_ONGOING})?",
        rf"{_PLEASE}{_DESCRIBE} (?:to me )?{_SEEN}{_AROUND}(?: for (?:me|us))? {_ONGOING}",
        rf"{_PLEASE}keep (?:on )?(?:describing|narrating|commenting)(?: on)?{_IN_VIEW}",
        rf"{_PLEASE}keep (?:on )?telling (?:me|us)(?: about)? {_VIEW}",
        rf"{_PLEASE}keep (?:me|us) (?:posted|informed|updated|up to date)(?: (?:about|on|of) {_VIEW})?",
        rf"{_PLEASE}(?:be my eyes|be my guide|guide me(?: around)?)(?: please| for a while| now)?",
        rf"{_PLEASE}tell (?:me|us) (?:about )?(?:every change|all (?:the )?changes|everything (?:that|which)? ?"
        r"(?:happens|changes|moves|you see))" + rf"{_AROUND}(?: {_ONGOING})?",
    )
)
_STOP = "(?:stop|quit|end|turn off|switch off|disable|no more|enough|cancel|finish|(?:that is|it is) enough)"
_OFF = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLEASE}{_STOP}(?: of| with)? {_NARRATION}(?: .+)?",
        rf"{_PLEASE}(?:turn|switch) {_NARRATION} off",
        rf"{_NARRATION} off",
        rf"(?:you (?:can|may) )?{_PLEASE}stop (?:reporting|telling (?:me|us) (?:what|about what|everything) .+"
        rf"|talking about what .+)",
        rf"{_PLEASE}(?:do not|no need to|you need not|you do not (?:have|need) to) (?:describe|narrate|comment)"
        rf"(?: .+)?",
        rf"(?:you (?:can|may) )?{_PLEASE}stop {_NARRATION}(?: .+)?",
    )
)
# While it describes, these can mean nothing else.
_QUIET = re.compile(
    rf"{_PLEASE}(?:(?:be |stay |keep )?(?:quiet|silent)|sh+|silence|shut up|stop(?: (?:it|that|talking|now))*"
    r"|(?:that is |it is )?enough(?: for now)?|no more|that will do)(?: please| now| for now| thanks| thank you)*"
)


def narration_request(text: str, *, narrating: bool = False) -> NarrationRequest | None:
    """The request in what the user said; None for anything else. `narrating`: it is on."""
    for words in reversed(sentences(text[-_LONGEST_TEXT:])[-3:]):
        if len(words.split()) > _LONGEST_WORDS:
            continue
        bare = re.sub(r"(?: please| thanks| thank you| okay| ok)+$", "", words)
        if any(pattern.fullmatch(bare) for pattern in _OFF) or (narrating and _QUIET.fullmatch(bare)):
            return "off"
        if any(pattern.fullmatch(bare) for pattern in _ON):
            return "on"
    return None
