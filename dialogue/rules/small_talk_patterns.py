"""Patterns of small talk that is answered by rule; each matches a whole sentence in plain words."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from dialogue.text.plain_words import core

TalkKind = Literal[
    "danger", "grief",
    "hello", "how are you", "fine", "nice to meet you", "who are you", "what are you", "your origin", "your powers",
    "hearing", "goodbye", "thanks", "stop", "sorry", "noted", "again", "what I said", "first said", "recap", "time",
    "date", "my name", "named", "personal", "the world", "not a servant", "count up",
]  # fmt: skip

# Facts that no language model knows (the clock, exact earlier words), and danger, which needs a fixed answer.
TALK_OF_FACTS: frozenset[TalkKind] = frozenset(
    {"time", "date", "again", "what I said", "first said", "recap", "my name", "danger"}
)

_PLEASE = "(?:can you |could you |please )*"
# When somebody asks for the weather or the news of their own place; "on Mars" and "form" are other questions.
_SOON = (
    "(?: (?:like|here|outside|tomorrow|tonight|today|now|later|this (?:morning|afternoon|evening|week|weekend)"
    "|in the (?:morning|afternoon|evening)|(?:at|on) the weekend))*"
)
_MINE = (
    "(?:age|birthday|address|phone number|telephone number|number|job|wife|husband|mother|father|mothers name"
    r"|fathers name|brother|sister|password|email|hometown|nationality|favorite \w+|plans?|appointments?|schedule"
    "|calendar)"
)

_TABLE: dict[TalkKind, tuple[str, ...]] = {
    "danger": (
        r".*\b(?:kill(?:ing)? myself|hurt(?:ing)? myself|harm(?:ing)? myself|suicide|suicidal|end my life"
        r"|(?:want|going) to die|do not want to live)\b.*",
    ),
    "grief": (
        r"(?:my|our) .*\b(?:died|passed away|is dead|is dying|was killed)\b.*|.*\b(?:funeral of my|i lost my (?:wife"
        r"|husband|mother|father|mum|mom|dad|son|daughter|brother|sister|baby|child|friend|dog|cat|job))\b.*",
    ),
    "hello": (r"(?:hello|hi|hey|good (?:morning|afternoon|evening)|greetings)(?: there| omni| again| everyone)*",),
    "how are you": (
        r"how are you(?: doing| feeling)?(?: today| now)?|how is it going|how do you do|what is up",
        r"are you (?:ok|okay|well|fine)",
    ),
    "fine": (r"(?:i )?am (?:fine|good|well|great|ok|okay|doing (?:well|fine|good|great))(?: thanks| thank you| too)*",),
    "nice to meet you": (r"(?:nice|pleased|good) to meet you(?: too| omni)*",),
    "who are you": (
        r"(?:who|what) are you(?: exactly| called)?|what is your name|do you have a name|tell me who you are",
        r"(?:introduce|describe) yourself|(?:tell me )?(?:something )?about yourself",
        r"(?:what|how) (?:should|can|do) i call you|who am i (?:talking|speaking) (?:to|with)",
    ),
    "what are you": (
        r"are you (?:an? )?(?:real |actual )?(?:human(?: being)?|person|robot|machine|computer|ai|chatbot|bot|alive"
        r"|real|artificial intelligence|language model)(?: or (?:an? )?\w+(?: \w+)?)?",
    ),
    "your origin": (
        r"who (?:made|built|created|programmed|trained|developed) you|how old are you",
        r"where (?:are|do) you (?:from|come from|live)|where are you(?: located)?",
        r"what (?:model|kind of (?:model|ai|assistant)) are you|are you (?:chat ?gpt|siri|alexa)",
    ),
    "your powers": (
        r"what (?:can|could) you do(?: for me)?|what are you (?:able to do|capable of|good at)|what do you do",
        r"(?:how )?can you help(?: me)?(?: with something| out)?|help(?: me)?|how do you work",
        r"what (?:should|can) i ask(?: you)?",
    ),
    "hearing": (
        r"(?:can|do|could) you (?:hear|understand)(?: me| what i say| what i am saying)*(?: now| well)?",
        r"are you (?:there|listening|awake|still there|here|on)(?: to me)?|am i audible",
        r"is (?:this|my microphone|the microphone|my mic) (?:on|working)",
        r"(?:mic )?test(?:ing)?(?: test| one two three)*",
    ),
    "goodbye": (
        r"(?:good ?bye|bye|bye bye|see you(?: later| soon| tomorrow)?|good night|talk to you later|farewell"
        r"|that is all|that will be all|i (?:have to|must|need to) go)(?: then| now| omni)*",
    ),
    "thanks": (
        r"(?:thanks|thank you|many thanks|cheers)(?: so much| very much| a lot| omni| for (?:that|(?:your|the) help))*",
        r"(?:that is |that was )?(?:very )?(?:great|nice|helpful|perfect|awesome|cool)(?: thanks| thank you)?",
        r"(?:well done|good job|nice work)(?: omni)?",
    ),
    "stop": (
        r"(?:please )?(?:stop|be quiet|quiet|shut up|silence|hush|enough|never mind|cancel|forget it|that is enough)"
        r"(?: it| talking| that| please| now)*",
        r"wait|hold on|(?:one|just a) (?:moment|second|minute)",
    ),
    "sorry": (r"sorry|i am sorry|my mistake|oops",),
    "noted": (
        r"(?:yes|yeah|yep|sure|ok|okay|right|alright|no|nope|i see|got it|understood|uh huh|fine)"
        r"(?: please| thanks| thank you)*",
    ),
    "again": (
        rf"{_PLEASE}(?:repeat|say)(?: (?:that|it|this|yourself|what you (?:just )?said))?(?: once more| one more time)?"
        r"(?: again)?(?: please)?",
        rf"{_PLEASE}repeat (?:the|your) last (?:thing|sentence|answer|reply)(?: please)?",
        r"what|pardon|huh|sorry what|come again|say again|what was that|one more time|once more",
        r"what (?:did|have) you (?:just )?(?:say|said|answer)(?: just now| last| before)?|what you (?:just )?said",
        r"i (?:did|could) not (?:hear|understand|get|catch) (?:you|that|it)",
    ),
    "what I said": (
        r"what (?:did|have) i (?:just )?(?:say|said|ask|asked)(?: you)?(?: just now| before)?",
        r"(?:repeat|say) what i (?:just )?said",
    ),
    "first said": (
        r"what did i (?:say|ask)(?: you)? (?:at (?:the )?(?:beginning|start)|first)",
        r"what was (?:the first thing i (?:said|asked)|my first question)(?: you)?",
    ),
    "recap": (
        rf"{_PLEASE}(?:recap|summarize|sum up)(?: (?:this|that|it|everything|(?:our|the|this) (?:conversation|call)"
        r"|what (?:we|i|you) (?:have )?(?:said|talked about|discussed))(?: so far)?)?",
        r"what (?:have we|did we) (?:talk|talked|talking|discuss|discussed|been talking)(?: about)?(?: so far)?",
        r"what were we talking about",
    ),
    "time": (
        r"what (?:time is it|is the time|time it is)(?: here| there)?|(?:do|have) you (?:know |have |got )*the time"
        r"|(?:know|have) the time|the time|time|how late is it",
    ),
    "date": (
        r"(?:what|which) (?:day|date|month|year|day of the week) (?:is it|it is|is today|is|are we in|do we have)",
        r"what is (?:the|todays) (?:date|day)(?: of today)?|the date",
    ),
    "my name": (r"(?:what is|do you (?:know|remember)|say) my name|do you remember (?:me|who i am)|who am i",),
    "named": (r"my name is (?P<name>\w+)|call me (?P<called>\w+)",),
    "personal": (
        rf"(?:what|when|where|who) (?:is|was|are) my (?:\w+ )?{_MINE}(?: .{{0,12}})?|(?:do you know )?my {_MINE}",
        r"where (?:do i live|was i born|do i work)|when was i born|what do i do for a living|how tall am i",
        r"how (?:much money|many (?:children|kids|siblings|friends|brothers|sisters|pets)) do i have",
        r"what am i thinking(?: about| of)?",
    ),
    "the world": (
        rf"(?:what|how) (?:is|will) the (?:weather|forecast)(?: be)?{_SOON}|do i need (?:an umbrella|a coat){_SOON}",
        r"(?:will|is|does) it (?:going to |be )*(?:rain(?:ing|y)?|snow(?:ing)?|sunny|cold|warm|hot|windy)"
        rf"{_SOON}",
        r"(?:what|tell|read|give|are|is|any)(?: (?:is|are|me|in|there|any|the|latest|todays))* (?:news|headlines"
        rf"|stock prices|traffic|bitcoin price|lottery numbers){_SOON}",
        r"(?:who (?:won|is winning)|what is the score) .*(?:today|yesterday|last night|tonight|this week).*",
    ),
    "not a servant": (
        rf"{_PLEASE}(?:google|browse|call|text|email|order|buy|book|search|look up|play|open|send|set"
        r"|(?:turn|switch) (?:on|off)) (?:(?:an?|the|me|my|some|for|to) .{1,40}|music|spotify|youtube|mum|mom|dad)",
    ),
    "count up": (r"count (?:from one |from 1 |up )?to (?P<to>\w+)",),
}

PATTERNS: tuple[tuple[TalkKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern)) for kind, patterns in _TABLE.items() for pattern in patterns
)


def matched(words: str, kinds: Collection[TalkKind] | None = None) -> tuple[TalkKind, re.Match[str]] | None:
    """The first kind, of all or of `kinds`, with a pattern that the words of a sentence match, with or without what
    people put around it."""
    bare = core(words)
    for kind, pattern in PATTERNS:
        if (kinds is None or kind in kinds) and (found := pattern.fullmatch(bare) or pattern.fullmatch(words)):
            return kind, found
    return None
