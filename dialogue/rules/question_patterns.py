"""Patterns of questions about what a camera shows, tried from top to bottom.

Patterns match a whole sentence in plain words (`plain_words.core`): "how many people are there" asks about the room,
"how many people are there in the world" does not. AS_SAID patterns match the words themselves; MASKED ones match them
with every named thing replaced by THING (`labels.mask_things`). In those the group `np` holds what is asked about,
`other` an unlisted noun, and `self` stands for the person in view.
"""

from __future__ import annotations

import re

from dialogue.rules.question_kinds import QuestionKind

# Words of the question itself.
_COLOR = (
    "(?:red|green|blue|yellow|orange|black|white|gray|brown|pink|purple|turquoise|beige|golden|gold|silver|cyan|violet)"
)
_ADJ = rf"(?:(?:{_COLOR}|big|large|small|little|tiny|tall|long|new|old|other|more|open|empty|full|real|first|same) )*"
_DET = "(?:an?|any|some|the|my|your|our|his|her|their|this|that|these|those|another|other|one|more|all|both)"
_THE = "(?:the|my|your|our|his|her|their|this|that|these|those)"
_IT = "(?:it|that|this|these|those)"
_NP = rf"(?:{_DET} )*{_ADJ}THING(?: else)?"
_NPS = rf"(?P<np>{_NP}(?:(?: or| and| or maybe) {_NP})*)"
_THE_NP = rf"(?P<np>(?!your){_THE} {_ADJ}THING)"
_BE = "(?:is|are|was|were)"
_SEE = (
    "(?:see|spot|notice|detect|recognize|identify|find|make out|perceive|observe|have seen|seen|seeing|looking at"
    "|watching|look at)"
)
_YOU = (
    "(?:do|can|could|did|will|have|are|were)(?: not)? you"
    "(?: still| also| even| actually| really| ever| just| be| able to| happen to)*"
)
_CAN_YOU = "(?:(?:can|could|will|would|do|did) you )?(?:please )?"
_WHAT = "(?:what|which)"
_VARIETY = "(?:kind|sort|type|breed|species)"

# A place in front of the camera: may follow a question without changing its kind.
_VIEW = (
    "(?:rooms?|pictures?|images?|frame|view|scene|video|camera|sight|shot|photo|background|foreground|front|house"
    "|place|kitchen|office|area|middle|center|corner|surroundings)"
)
_SIDE = "(?:left|right|middle|center|floor|ground|screen|camera|video|picture|image|other|desk|top|bottom|bed)"
_OF_US = rf"(?: of (?:me|you|us|it|(?:the|my|your) camera|{_THE} (?:THING|picture|image|screen|room)))?"
_NEXT_TO = "(?:on|at|next to|near|behind|under|beside|with|by|around|above|below|against|to|from|close to)"
_SPOT = (
    "(?: (?:(?:over |in |right |out |up )?(?:here|there)"
    "|visible|present|around|anywhere|somewhere|outside|inside|nearby|too|as well|standing|sitting|lying"
    rf"|in (?:{_DET} )?{_VIEW}{_OF_US}|in {_THE} THING"
    rf"|(?:on|at|to|in) (?:{_THE} )?{_SIDE}(?: hand)?(?: side)?{_OF_US}"
    rf"|{_NEXT_TO} (?:me|you|us|him|her|{_THE} {_ADJ}THING|{_THE} camera)"
    "|i am (?:holding|showing(?: you)?)))"
)
_HERE = f"{_SPOT}*"

# What can carry writing, and the verbs of writing.
_READABLE = (
    "(?:signs?|side|pages?|papers?|sheets?|notes?|labels?|screens?|monitor|display|boards?|whiteboards?|posters?"
    "|books?|cards?|shirts?|t-shirts?|tee shirt|sweater|hoodie|cap|hat|box|boxes|bottles?|packages?|packets?|letters?"
    "|banners?|doors?|walls?|texts?|writing|words?|lines?|menu|tickets?|bill|receipt|envelopes?|cups?|mugs?|phones?"
    "|tv|television|stop sign|magazine|newspaper|sticker|sticky note|tag|badge|title|message|headline|cover|can|tin"
    "|piece of paper|post-it|caption)"
)
_MISHEARD_SIGN = "(?:time|sine|sun|sight|site|sigh|shine|design|signed|scene)"  # frequent ASR errors for "sign"
_THE_READABLE = rf"(?:an?|{_THE}|what) (?:\w+ )?{_READABLE}"
_SHEET = "(?:sign|paper|page|sheet|note|label|poster|card|whiteboard|board|banner|sticker|letter|ticket|receipt)s?"
_SAY = "(?:say|says|said|saying|save|saves|read|reads|stay|states?|tell|tells)"
_TEXT = "(?:text|texts|writing|words?|letters?|numbers?)"
_ON = (
    rf"(?:(?: (?:on|in|at|written on|over|up)(?: {_THE}| it| top)?(?: \w+)?| there| here| behind me| out loud)"
    "(?: side)?){0,2}"
)

_LIT = "(?:dark|bright|light|dim|gloomy|sunny)"
_MOVED = (
    "(?:come|came|coming|go|gone|going|leave|left|leaving|enter|entered|walk|walked|appear|appeared|disappear"
    "|disappeared|arrive|arrived|show up|move|moved|joined|join)"
)
_LATELY = r"(?:in the (?:last|past) \w+(?: \w+)?|since (?:an?|the last|two|five) \w+(?: ago)?)"
_LOOKS = (
    "(?:smiling|happy|sad|angry|tired|beautiful|pretty|handsome|ugly|tall|short|fat|thin|bald|sitting|standing|young"
    "|old|male|female|moving|waving|laughing|crying|looking at you|okay|sick|cute|good)"
)
_LEFT = "(?:the |my |your )?(?:left|right|middle|center)(?: side)?"

AS_SAID: dict[QuestionKind, tuple[str, ...]] = {
    "read": (
        rf"what (?:does|do|did|is|was|were|has) {_THE_READABLE}{_ON} {_SAY}(?: to you)?{_ON}",
        rf"what (?:does|do|did|is|was) (?:{_IT}|they|there) {_SAY}{_ON}",
        rf"what (?:does|do|did) {_THE} {_MISHEARD_SIGN} say{_ON}",
        rf"what (?:{_THE_READABLE}|it|this|that) (?:says|said|reads)(?: again)?{_ON}",
        rf"{_CAN_YOU}(?:read|make out)(?: out| aloud| loud)* (?:{_IT}|them|{_THE_READABLE}|any {_TEXT})(?: \w+)?{_ON}",
        rf"{_CAN_YOU}read(?: out| aloud| loud)* what .*(?:say|says|said|written|on|there|here)(?: .*)?",
        r"what (?:can|do|could|did) you read(?: there| here| on .*)?",
        rf"what (?:else )?{_BE}(?: there| it| that)? (?:written|printed|typed|spelled)(?: down)?{_ON}",
        rf"what (?:is|was) (?:on|in) {_THE} (?:\w+ )?(?:{_SHEET}|piece of paper){_HERE}",
        rf"(?:{_YOU} {_SEE}|(?:is|was|are) there)(?: any| some| the| a)?(?: ?thing| something)?"
        rf"(?: written| printed| {_TEXT})+{_ON}",
        rf"{_WHAT} {_TEXT} (?:is|are|was|were|do|can|did|could|you)"
        rf"(?: (?:{_IT}|there|you|here|see|read|shown|written|visible|find)\b)*{_ON}",
        rf"what {_BE} the (?:first |last |next )?(?:text|writing|title|headline|words?){_ON}(?: you saw)?",
        rf"(?:does|did) (?:{_IT}|{_THE_READABLE}) say (?:anything|something)",
    ),
    "light": (
        rf"{_BE} (?:it|the room|my room|the picture|the scene|the place)(?: \w+)? {_LIT}(?: enough)?(?: or {_LIT})?"
        rf"(?: for you| where i am)?{_HERE}",
        rf"{_BE} (?:{_THE} |there )?(?:any |some |enough |too much )?(?:lights?|lamps?|lighting)"
        rf"(?: still| turned| switched)?(?: (?:on|off|good|okay|enough|bad|bright|dim))?{_HERE}",
        rf"how (?:is|are|was) (?:the )?(?:light|lights|lighting|brightness){_HERE}",
        r"do i need (?:to (?:turn|switch) on )?(?:the |a |some |more )*lights?",
        rf"how (?:bright|dark|dim|light) (?:is|was) (?:it|the room|my room|the picture|this place){_HERE}",
    ),
    "camera": (
        r"(?:can|do|could|are|did)(?: not)? you(?: able to| still| really| actually| even)*"
        r" (?:see|seeing|watch|watching|look at|looking at|hear and see|see and hear)"
        r"(?: (?:me|us|through (?:my|the|your) camera|my (?:face|video|camera)|clearly|well|properly)){0,2}",
        r"(?:is|are) (?:the|my|your) (?:camera|video|webcam|web cam)s?(?: feed| image| picture)?"
        r"(?: still| even| turned)? (?:on|off|working|running|open|connected|enabled|active|visible)",
        r"you (?:can )?see me(?: right)?",
        r"am i (?:visible|in (?:the )?(?:picture|frame|view|image)|on (?:camera|video|screen))",
    ),
    "beyond": (
        r"what (?:am i|i am|is (?:he|she|the (?:person|man|woman))|are (?:they|we)|was i)"
        rf" (?:wearing|doing|eating|drinking|thinking|feeling){_HERE}",
        rf"what (?:clothes|clothing|outfit) (?:am i|i am) wearing{_HERE}",
        rf"am i (?:(?:really |still )?{_LOOKS}|wearing .*|an? (?:man|woman|boy|girl|child|male|female))",
        r"how old (?:do i look|am i|do you think i am|is (?:he|she|the person)|i am|i look)",
        rf"how do i look|do i (?:look|seem)(?: \w+)? {_LOOKS}|what do i look like|how am i looking",
        r"(?:describe|what is) (?:me|my (?:appearance|face|outfit|clothes|clothing|expression|facial expression|mood"
        r"|emotion|age|gender|look|hair color|eye color))",
        rf"{_WHAT} (?:brand|make|model|size|shape|material) (?:is|of)(?: \w+)? (?:this|that|my \w+)(?: \w+)?",
    ),
}

MASKED: dict[QuestionKind, tuple[str, ...]] = {
    "count": (
        rf"how many (?P<np>{_ADJ}THING)(?: (?:{_BE} there|there {_BE}|{_BE}|are we"
        rf"|(?:do|can|could|did) (?:you|we) (?:{_SEE}|count|have)|you (?:can )?(?:see|count|saw)"
        rf"|(?:am i|i am) (?:holding|showing)(?: you| up)*|(?:do i have|have i)(?: got| up)?))?{_HERE}",
        rf"how many (?P<self>of us|are we|we are)(?: are| is| there| (?:do|can) you see)*{_HERE}",
        rf"how many (?P<other>\w+) (?:(?:do|can|did) you (?:{_SEE}|count)|am i (?:holding|showing)(?: you| up)*"
        rf"|do i have{_SPOT}|{_BE}(?: there)?{_SPOT}){_HERE}",
        rf"{_CAN_YOU}count (?:how many |all )?(?:the )?{_NPS}(?: {_SEE}| you see| there are)?{_HERE}",
        rf"(?:what is |what )?(?:the )?(?:number|amount) of {_NPS}"
        rf"(?: (?:(?:do|can) )?you (?:can )?see| are there)?{_HERE}",
    ),
    "where": (
        rf"where(?: exactly)? {_BE} {_NPS}(?: now| located)?{_HERE}",
        rf"where (?:do|can|could|did|have) you (?:last )?{_SEE} {_NPS}(?: last)?{_HERE}",
        rf"where {_NPS} {_BE}{_HERE}",
        rf"where (?:did|do|have|could) i (?:put|leave|left|lose|place|placed|lost|have left) {_NPS}",
        rf"(?!.*\bother\b)where (?:has|have|did|do|can)(?: i)? (?:find )?{_NPS}(?: gone| go)?{_HERE}",
        rf"(?:when (?:did|have)|when was the last time) you (?:last )?(?:{_SEE}|saw|noticed) {_NPS}(?: last)?{_HERE}",
        rf"{_CAN_YOU}(?:help me )?(?:find|locate|look for|point to) {_NPS}{_HERE}",
        rf"(?:on |at |to )?{_WHAT} side (?:of \w+ \w+ )?{_BE} {_NPS}(?: on| at)?{_HERE}",
        rf"{_BE} {_NPS} (?:on|to|in|at) {_LEFT} or (?:on |to |in |at )?{_LEFT}",
        rf"how (?:far|close|near)(?: away)?(?: from (?:me|you))? {_BE} {_NPS}(?: from (?:me|you|the camera)| away)?",
        r"where (?:is|are) my (?P<other>\w+)",
        r"(?:in|on) which (?:side|part)(?: of the (?:picture|image))? (?P<self>am i)",
        rf"(?:where|(?:in|on) which (?:side|part)(?: of the (?:picture|image))?) "
        rf"(?P<self>do you see me|can you see me|(?:am i|i am){_SPOT}){_HERE}",
    ),
    "size": (
        rf"how (?:big|large|small|tall|wide|long|high|heavy) {_BE} {_THE_NP}{_HERE}",
        rf"{_WHAT} (?:size|height|length|weight) {_BE} {_THE_NP}{_HERE}",
    ),
    "colour": (
        rf"{_WHAT} colors? {_BE} {_THE_NP}(?: i am (?:wearing|holding))?{_HERE}",
        rf"{_WHAT} colors? (?:of )?(?P<np>THING) (?:am i (?:wearing|holding)|is {_IT}|do i (?:have|wear)|are {_IT})"
        rf"(?: on)?{_HERE}",
        rf"(?:what {_BE} )?the colors? of {_THE_NP}{_HERE}",
        rf"{_WHAT} colors? {_THE_NP} {_BE}",
        rf"what {_BE} {_THE_NP} color{_HERE}",
        rf"{_BE} {_THE_NP} (?:more |rather |really )?(?P<colour>{_COLOR})(?: or {_COLOR})*",
        rf"{_WHAT} colors? (?:do|can|did|could) you see{_HERE}",
        rf"{_WHAT} colors? {_BE} (?:(?:{_IT}|they)(?: thing| object| one)?|there|here"
        r"|(?:in )?the (?:room|picture|image|scene|video))",
        rf"{_WHAT} color {_BE} (?:my|this|that) (?P<other>\w+)(?: .*)?",
    ),
    "alone": (rf"am i (?:all )?(?:alone|by myself|the only (?:one|person|THING)){_HERE}",),
    "change": (
        rf"(?:did|has|have|is|was) (?P<np>{_NP})(?: just)? {_MOVED}"
        rf"(?: in| out| up| away| back| by| past| the {_VIEW})?{_HERE}",
        rf"(?:(?P<self>who)|what) (?:just |has |has just |have )?{_MOVED}(?: just)?(?: in| out| by| up| away)?{_HERE}",
        r"(?!.* with you$)what (?:has |have |is |did |was |else )?(?:just |that )*"
        rf"(?:changed?|new|different|happened|happen)(?: just| with the (?:room|picture|scene))?"
        rf"(?: just| {_LATELY})?{_HERE}",
        r"(?:did|has|have|is|was|were|are)? ?(?:there )?(?:been )?(?:anything|something|nothing|any|a|some)"
        rf" ?(?:been )?(?:changes?|changed|new|different|moved?|happened|happen)(?: {_LATELY})?{_HERE}",
        r"(?:(?:did|do|have) you )?(?:notice|noticed|see|seen|spot)(?: any| a| the| some)?"
        r" (?:changes?|differences?|anything (?:new|different)|something (?:new|different))"
        rf"(?: {_LATELY})?{_HERE}",
    ),
    "exists": (
        rf"{_BE}(?: not)? there (?:also |maybe |still )?{_NPS}{_HERE}",
        rf"{_YOU} {_SEE} {_NPS}{_HERE}",
        rf"(?:if|whether|would you say|do you think)(?: that)?"
        rf" (?:there {_BE}|you (?:can |could )?(?:see|saw|find)) {_NPS}{_HERE}",
        rf"(?:if |whether )?{_BE}(?: not)? {_NPS}{_SPOT}+",
        rf"{_BE}(?: not)? (?:{_IT}(?: thing| object| one)?|what i am holding|the thing i am holding)"
        rf"(?: really| supposed to be| maybe)? (?P<np>{_NP}){_HERE}",
        rf"am i (?:holding|carrying|showing you|sitting on|holding up) {_NPS}{_HERE}",
        rf"(?:do|have) (?:i|we) (?:have |got |hold )?{_NPS}{_SPOT}+",
        rf"any (?P<np>{_NP}){_HERE}",
        r"(?:do|can|did) you see (?:an?|any|the|my) (?P<other>\w+(?: \w+)?)",
    ),
    "variety": (
        rf"{_WHAT} {_VARIETY} of (?P<np>{_ADJ}THING) (?:{_BE} (?:{_IT}|there)|{_YOU} {_SEE}"
        rf"|do i have|am i holding){_HERE}",
        rf"{_WHAT} {_VARIETY} {_BE} {_THE_NP}{_HERE}",
    ),
    "holding": (
        rf"what (?:is|was|are) {_IT}(?: thing| object| item)?(?: here| there| in my (?:hands?|THING)| that)?"
        r"(?: i am (?:holding|showing)(?: you| up)*)?(?: called| supposed to be)?",
        r"what (?:am i|i am|are we|was i|do you think i am) (?:now )?(?:holding|showing|pointing at|carrying)"
        rf"(?: up| you)*(?: now)?{_HERE}",
        r"what(?: object| thing| item)? (?:(?:do|have|did) i (?:have |got |hold )?|i (?:have |got |hold )+)"
        r"(?:here|holding|in (?:my|the|both) THING)",
        r"what(?: object| thing| item)? is in (?:my|the) (?:left |right )?(?:THING|hands?)",
        rf"{_WHAT} (?:kind |sort |type )?(?:of )?(?:an? )?(?:object|thing|item) (?:is {_IT}|am i holding|are {_IT})"
        r"(?: here| up)?",
        rf"{_CAN_YOU}(?:recognize|identify|name|guess|know|see|spot) (?:{_IT}|what {_IT} is|what i am holding)"
        r"(?: object| thing| item)?(?: here)?",
        rf"what (?:do you think )?{_IT} (?:is|might be|could be)|what could {_IT} be|what does this look like",
    ),
    "who": (
        rf"who {_BE}(?: else)?(?: {_IT}| we| they| the THING| this THING| that THING)?{_HERE}",
        rf"who (?:do|can|did) you see{_HERE}",
        r"who (?:i am|am i|this is|that is|it is|is there)",
        r"(?:do|can|did) you (?:recognize|know) (?:me|my THING|who (?:i am|this is|that is))",
    ),
    "describe": (
        rf"what (?:else )?(?:do|can|could|did|are|were|will|have) (?:you|we)(?: \w+)? {_SEE}(?: else| through .*)?"
        rf"{_HERE}",
        r"what (?:you|your camera|the camera)(?: can| are| could)? (?:sees?|seeing|looking at|saw|shows?)(?: else)?"
        rf"{_HERE}",
        r"what does (?:the|your|my) camera (?:see|show)|what (?:am i|are we) looking at",
        rf"{_CAN_YOU}(?:describe|report|give (?:me )?an? (?:\w+ )?(?:description|overview) of)(?: me)?"
        r" (?:what you(?: can| are)? (?:see|seeing|looking at)|everything (?:that )?you(?: can)? see"
        rf"|(?:{_DET} )?(?:whole |entire )?(?:surroundings?|scene|room|picture|image|view|environment|place|video|frame"
        rf"|photo|area|things|objects|office|kitchen)|{_THE} THING|{_IT}|everything){_HERE}",
        rf"(?!.*\binside$|.*\bin {_THE} THING)what(?: else)? {_BE}(?: there| that| the things?| all)?"
        rf"(?: to (?:see|be seen))?{_SPOT}+",
        rf"what do (?:we|you) have{_SPOT}+",
        rf"what (?:is|was) (?:going on|happening){_HERE}",
        rf"what (?:can|could|do) you (?:tell|say|know) (?:me )?about (?:my|the|our) (?:surroundings|room|scene|place)"
        rf"{_HERE}",
        r"(?:what|which|list)(?: all)?(?: the)?(?: other| kinds? of)? (?:objects?|things?|items?|stuff)(?: else)?"
        rf"(?: that)? (?:are there|(?:do|can|did) you {_SEE}|you(?: can)? see|are visible){_HERE}",
        r"(?:do|can|did) you see (?:anything|something|any things?|any objects?|things)"
        rf"(?: else| interesting| special| at all)?{_HERE}",
        rf"{_CAN_YOU}(?:(?:take|have) a (?:\w+ )?)?look(?: around| at (?:this|that|me|it|the (?:room|picture|camera)))"
        r"(?: .{0,12})?",
        rf"(?:what|how) (?:does|do|did) (?:it|this|that|(?:the|this|my|our) (?:room|place|picture|scene|THING)) look"
        rf"(?: like)?{_HERE}",
        r"where (?:am i|are we|i am|we are)",
    ),
}


def compiled(table: dict[QuestionKind, tuple[str, ...]]) -> tuple[tuple[QuestionKind, re.Pattern[str]], ...]:
    """The table's rows in order, ready for `fullmatch`."""
    return tuple((kind, re.compile(pattern)) for kind, patterns in table.items() for pattern in patterns)
