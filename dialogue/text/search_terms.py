"""The words of a question that its answer will hold, each with words of the same meaning. Pure."""

from __future__ import annotations

import re

from dialogue.text.plain_words import plain

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
# Synonyms: each row is one idea, keyed by its first word. The search index handles regular forms.
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


def search_terms(about: str) -> tuple[tuple[str, ...], ...]:
    """Groups of words in plain spelling: each group is one idea, in any of its words."""
    words = plain(about).split()
    return tuple(dict.fromkeys(_SAME.get(word, (word,)) for word in words if word not in _EMPTY))
