"""Patterns of what can be waited for, tried from top to bottom.

Patterns match a whole clause in plain words, in the present tense. AS_SAID patterns match the words themselves, MASKED
ones with every named thing replaced by THING (`labels.mask_things`); the group `np` is what the clause is about. The
verb "leaves" is written "departs", since the noun is a thing.
"""

from __future__ import annotations

import re

from dialogue.watching.condition import ConditionKind

_DET = "(?:an?|any|some|the|my|your|our|his|her|their|this|that|these|those|another|other|one|more|all|both|new|next)"
_COLOR = "(?:red|green|blue|yellow|orange|black|white|gray|brown|pink|purple|turquoise|beige|golden|gold|silver)"
_ADJ = "(?:big|large|small|little|tiny|tall|long|old|other|open|empty|full|real|first|same|single|else|strange)"
_NP = (
    rf"(?:{_DET} )*(?:{_ADJ} )*(?:(?P<colour>{_COLOR}) )?(?:{_ADJ} )*THING(?: else)?"
    rf"(?: in (?:a |the )?(?P<worn>{_COLOR})(?: THING)?)?"
)
_THING = rf"(?P<np>{_NP})"
_BE = "(?:is|are|gets?|becomes?)"
_ROOM = (
    "(?:rooms?|pictures?|images?|frame|view|scene|video|camera|sight|shot|house|home|place|kitchen|office|area|building"
    "|garden|yard|shop|store|hall|garage|THING)"
)
_INTO = rf"(?:(?: back)?(?: into| to| through| in| at| inside| onto| on| out of| from) (?:{_DET} )?{_ROOM})"
_PAST = rf"(?: (?:past|by|through|on|onto|over|to|at|along|across|behind|near) (?:{_DET} )?(?:THING|\w+))?"
_AGAIN = "(?: again| back| here| around| by| along| now| somewhere| near me| behind me| in front of (?:me|you))*"
_SIDE = "(?P<side>left|right|middle|center)"
_SEE = "(?:see|spot|notice|detect|recognize|find|catch|observe)"
_LIGHT = r"(?:(?:the|my|a|that|this) )?(?:\w+ )?(?:lights?|lamps?)"
_TEXT = "(?:words?|texts?|letters?|names?|numbers?|writing|signs?|titles?|headlines?)"
_SHEET = "(?:sign|text|screen|display|board|page|paper|note|label|number|writing|door|card|monitor|it)"

_ROWS_AS_SAID: tuple[tuple[ConditionKind, str], ...] = (
    ("dark", rf"{_LIGHT} (?:goes|go|is|are|gets?|turns?|switches|(?:is|are) (?:turned|switched)) (?:off|out)"),
    ("dark", rf"(?:someone|somebody|anyone|he|she|they) (?:turns?|switch(?:es)?) (?:off {_LIGHT}|{_LIGHT} off)"),
    ("dark", rf"{_LIGHT} (?:dies?|fails?)|the power (?:goes|is) (?:off|out)"),
    (
        "dark",
        r"(?:it|the room|everything) (?:gets|goes|becomes|is|grows|turns) (?:too |very |completely )?(?:dark"
        r"|darker)",
    ),
    ("dark", r"(?:the|your) (?:camera|lens) (?:is|gets) (?:covered|blocked)"),
    (
        "light",
        rf"{_LIGHT} (?:goes|go|comes|come|is|are|gets?|turns?|switches|(?:is|are) (?:turned|switched))"
        rf"(?: back)? on",
    ),
    ("light", rf"(?:someone|somebody|anyone|he|she|they) (?:turns?|switch(?:es)?) (?:on {_LIGHT}|{_LIGHT} on)"),
    ("light", r"(?:it|the room) (?:gets|becomes|is|grows) (?:too |very )?(?:light|lighter|bright|brighter)(?: again)?"),
    ("text changes", rf"(?:the|that|this) {_SHEET} (?:changes|is different|says something (?:else|new|different))"),
    ("text changes", r"(?:the|that|this) (?:text|writing|words?) (?:on .+ )?changes?"),
    ("text gone", rf"(?:the|that|this) {_TEXT} (?:is gone|disappears|goes away|vanishes|is not there any ?more)"),
    ("text gone", rf"(?:the|that|this) {_TEXT} (?P<text>.+?) (?:is gone|disappears|goes away|vanishes)"),
    (
        "text gone",
        rf"(?:the|that|this) {_SHEET} (?:no longer|does not) (?:says|say|reads?|shows?) (?P<text>.+?)"
        rf"(?: any ?more)?",
    ),
    (
        "text",
        rf"(?:you (?:can )?(?:{_SEE}|read) )?(?:any|some|an?|a new) {_TEXT}(?: (?:appears?|comes? up"
        rf"|shows? up))?",
    ),
    (
        "text",
        rf"you (?:can )?(?:{_SEE}|read) (?:(?:the|a|an|that|this|my) )?{_TEXT} (?:that (?:says|reads) |saying "
        rf"|with )?(?P<text>.+)",
    ),
    ("text", r"you (?:can )?read (?P<text>.+)"),
    (
        "text",
        rf"(?:the|a|any|that|this) {_SHEET} (?:says|reads|shows|displays) (?P<text>.+)|it (?:says"
        rf"|reads) (?P<more>.+)",
    ),
    (
        "text",
        rf"(?:the|a) {_TEXT} (?P<text>.+?) (?:appears|shows up|comes up|is (?:shown|there|visible|displayed"
        rf"|written .+))",
    ),
    (
        "anything",
        r"(?:something|anything|the (?:scene|picture|view|room|image)) (?:changes|happens|moves|is (?:new"
        r"|different))",
    ),
    ("anything", rf"you {_SEE} (?:something|anything|things?) (?:moves?|moving|changes?|changing|happen|happening)"),
    ("anything", rf"(?:there is|you {_SEE}) (?:any |some |a )?(?:movement|motion|changes?|activity)"),
    ("none left", r"(?:the room|the place|it|the house) is empty|i am (?:all )?alone"),
    ("none left", r"(?:everyone|everybody)(?: else)? (?:departs|leave|is gone|has left|goes(?: home| away| out)?)"),
    ("none left", rf"(?:nobody|no one) is(?: left)?(?: (?:here|there|left))?{_INTO}?(?: any ?more)?"),
    ("none left", r"there is (?:nobody|no one)(?: left)?(?: (?:here|there|in the room))?(?: any ?more)?"),
    ("appears", rf"i (?:come|get|walk|am|return)(?: back)?(?: home| here| in)?{_INTO}?"),
    ("leaves", rf"i (?:leave|go)(?: away| out)?{_INTO}?|i am (?:gone|away)"),
)
_ROWS_MASKED: tuple[tuple[ConditionKind, str], ...] = (
    (
        "count",
        rf"(?:there are|you {_SEE}|i have)? ?(?P<over>more than|over|at least)? ?(?P<number>\w+) {_THING}"
        rf"(?: or more)?"
        rf"(?: (?:are|come|walk|get|stand|sit))?{_AGAIN}(?: in| together)?{_INTO}?{_AGAIN}",
    ),
    (
        "count",
        rf"(?:there is |you {_SEE} )?(?:a|the) (?P<number>second|third|fourth|fifth) THING(?: (?:comes?"
        rf"|appears?|is|enters?))?"
        rf"{_AGAIN}(?: in)?{_INTO}?",
    ),
    ("none left", rf"there (?:is|are) no (?:more )?{_THING}(?: left)?{_AGAIN}{_INTO}?(?: any ?more)?"),
    ("none left", rf"you (?:can )?(?:no longer|do not|can not) {_SEE} (?:any|a|an) {_THING}(?: any ?more)?"),
    (
        "leaves",
        rf"{_THING} (?:(?:departs|leave)|goes|go|walks?|runs?|drives?|flies|moves?|gets?)(?: away| out| off"
        rf"| outside){_AGAIN}{_INTO}?",
    ),
    (
        "leaves",
        rf"{_THING} (?:departs|leave|disappears?|vanish(?:es)?|goes missing|falls (?:off"
        rf"|down){_INTO}?){_INTO}?(?: (?:the|my|this) {_ROOM})?",
    ),
    ("leaves", rf"{_THING} {_BE} (?:gone|away|missing|taken|removed|stolen|moved|lost)(?: away)?(?: from .+)?"),
    (
        "leaves",
        rf"{_THING} (?:is|are) (?:no longer|not) (?:there|here|visible|in (?:the )?(?:view|picture|frame"
        rf"|sight|room)|on .+)(?: any ?more)?",
    ),
    ("leaves", rf"you (?:can )?(?:no longer|do not|can not) {_SEE} {_THING}(?: any ?more)?"),
    ("leaves", rf"(?:THING|he|she|they) (?:takes?|removes?|steals?|grabs?|moves?|picks? up) {_THING}(?: away)?"),
    (
        "approaches",
        rf"{_THING} (?:comes?|gets?|moves?|walks?|is|are)(?: too| very| really)? (?:close|closer|near"
        rf"|nearer)(?: to .+)?",
    ),
    (
        "approaches",
        rf"{_THING} (?:approach(?:es)?(?: me| us| the camera)?|(?:comes?|walks?|runs?|moves?) (?:right )?"
        rf"(?:up to|towards|toward) .+)",
    ),
    (
        "place",
        rf"{_THING} (?:moves?|goes|go|is|are|comes?|walks?)(?: over)? (?:to|on|in|at|into) (?:the|my) {_SIDE}"
        rf"(?: side)?",
    ),
    (
        "appears",
        rf"(?:there (?:is|are)|you (?:can )?{_SEE}) {_THING}(?: (?:coming|entering|passing|appearing"
        rf"|arriving|outside))?{_AGAIN}(?: in)?{_INTO}?{_AGAIN}",
    ),
    (
        "appears",
        rf"{_THING} (?:comes?|walks?|runs?|goes|go|gets?|steps?|flies|drives?|rolls?|jumps?|pass(?:es)?"
        rf"|moves?|sneaks?|pulls?)"
        rf"(?: in| inside| by| past| through| up| over| home| into it| across)?{_PAST}{_AGAIN}{_INTO}?{_AGAIN}",
    ),
    (
        "appears",
        rf"{_THING} (?:comes?|appears?|shows? up|turns? up|arrives?|returns?|pass(?:es)?|enters?"
        rf"|visits?){_AGAIN}{_PAST}{_INTO}?(?: (?:the|my|this|your) {_ROOM})?{_AGAIN}",
    ),
    (
        "appears",
        rf"{_THING} (?:is|are) (?:here|there|back|visible|around|outside|present|in (?:the |my )?{_ROOM}|at "
        rf"(?:the|my) \w+|on (?:the|my) \w+|standing .+|coming(?: in| here| back)?)(?: again)?",
    ),
    ("appears", rf"i (?:bring|hold up|hold|show|show you|put|get|have) {_THING}.*"),
)


def _compiled(rows: tuple[tuple[ConditionKind, str], ...]) -> tuple[tuple[ConditionKind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in rows)


AS_SAID, MASKED = _compiled(_ROWS_AS_SAID), _compiled(_ROWS_MASKED)
