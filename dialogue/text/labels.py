"""Everyday words for the detector's 80 labels (COCO), and for common things outside them.

Maps words to labels and labels to words, without regard to what is in view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialogue.text.finer_words import FINER_WORDS
from dialogue.text.grammar import plural

# Labels, separated by bars; "label = word" where people use another word.
_COCO = """
person | bicycle | car | motorcycle | airplane = plane | bus | train | truck | boat | traffic light | fire hydrant
stop sign | parking meter | bench | bird | cat | dog | horse | sheep | cow | elephant | bear | zebra | giraffe
backpack | umbrella | handbag | tie | suitcase | frisbee | skis | snowboard | sports ball = ball | kite
baseball bat | baseball glove | skateboard | surfboard | tennis racket | bottle | wine glass | cup | fork | knife
spoon | bowl | banana | apple | sandwich | orange | broccoli | carrot | hot dog | pizza | donut | cake | chair
couch | potted plant = plant | bed | dining table = table | toilet | tv = TV | laptop | mouse
remote = remote control | keyboard | cell phone = phone | microwave | oven | toaster | sink | refrigerator | book
clock | vase | scissors | teddy bear | hair drier = hair dryer | toothbrush
"""

# Labels of living beings: these come in and leave, other things appear and are gone.
ANIMATE = frozenset({"person", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"})

# Labels: other words for them. A word for several labels stands for any of them.
_OTHER_WORDS = """
person: anyone, anybody, someone, somebody, human, body, individual, face
cell phone: phone, mobile, mobile phone, cellphone, smartphone, smart phone, iphone
tv: television, telly, tv set, tv screen, monitor, display, computer screen
couch: sofa, settee
bicycle: bike, cycle, push bike
motorcycle: motorbike, motor bike, scooter
airplane: aeroplane, aircraft, jet
cup: mug, coffee mug, coffee cup, teacup, tea cup, cup of coffee, cup of tea
dog: puppy, doggy, doggie, pup
cat: kitten, kitty
potted plant: houseplant, house plant, pot plant, flower pot, flowerpot
dining table: table, desk
sports ball: football, soccer ball, basketball, tennis ball, volleyball
hair drier: hair dryer, hairdryer, blow dryer
refrigerator: fridge, freezer
remote: remote control, tv remote
laptop: notebook computer, macbook
backpack: rucksack, schoolbag
handbag: purse
teddy bear: teddy, stuffed animal, stuffed bear, plush toy
scissors: pair of scissors, scissor
skis: pair of skis, ski
broccoli: head of broccoli
mouse: computer mouse
tennis racket: racket, tennis racquet
boat: ship, sailboat
truck: lorry, pickup truck
tie: necktie
horse: pony
donut: doughnut
bottle: water bottle, bottle of water, wine bottle, beer bottle
clock: alarm clock, wall clock
chair: armchair, office chair
car: cab, taxi, automobile
wine glass, cup: glass, drinking glass
tv, laptop: screen
laptop, tv: computer
backpack, handbag, suitcase: bag
suitcase, backpack: luggage
fork, knife, spoon: cutlery, silverware
bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe: animal, pet
bicycle, car, motorcycle, airplane, bus, train, truck, boat: vehicle
banana, apple, orange: fruit
banana, apple, orange, sandwich, broccoli, carrot, hot dog, pizza, donut, cake: food, snack
bench, chair, couch, bed, dining table: furniture
"""

# An answer may repeat the user's "mug", but not "anyone" or "pair of scissors", which take no article.
_SAID_AS_KIND = {"person", "scissors", "skis", "broccoli"}

# Narrower than a label: the detector recognises a person, not a woman.
_NARROWER = """
person: man, woman, boy, girl, child, kid, baby, guy, lady, toddler, teenager, friend, stranger, adult
"""

# Common things outside the 80 labels: recognised in a question so that the answer can say so.
_BEYOND = """
background, bin, blanket, board, bookshelf, box, bracelet, broom, bucket, building, button, cabinet, cable, calendar,
camera, candle, cap, cardboard, ceiling, charger, coat, coin, cushion, curtain, cupboard, door, dress, drawer, ear,
earring, envelope, eraser, eye, fan, finger, fireplace, fish, flag, floor, flower, glasses, glove, guitar, hair, hand,
hat, headphone, headset, helmet, hoodie, house, jacket, jeans, jewelry, jumper, key, ladder, lamp, leaf, letter, light,
lighter, magazine, map, mask, medicine, microphone, mirror, money, nail, necklace, newspaper, note, notebook, nose,
package, painting, paper, pants, pen, pencil, photo, piano, picture frame, pill, pillow, plate, pocket, poster, printer,
radio, ring, robot, rug, ruler, scarf, shelf, shirt, shoe, shorts, sign, skirt, skin, smoke, sock, speaker, spider,
stairs, star, stick, sticker, sticky note, sunglasses, sweater, t-shirt, tee shirt, tablet, tape, ticket, tissue, toe,
tool, tooth, towel, toy, tree, trousers, unicorn, violin, wall, wallet, wardrobe, watch, whiteboard, window, wire,
wristwatch, beard
"""


def _rows(table: str) -> list[tuple[tuple[str, ...], list[str]]]:
    """(kinds, words) of each row "kind, kind: word, word"."""
    rows = [line.split(":") for line in table.strip().splitlines()]
    return [(tuple(kinds.split(", ")), words.strip().split(", ")) for kinds, words in rows]


_SPOKEN = dict((kind.split(" = ") * 2)[:2] for kind in re.split(r" \| |\n", _COCO.strip()))
LABELS: tuple[str, ...] = tuple(_SPOKEN)


@dataclass(frozen=True, slots=True)
class Thing:
    """The subject of a question: `said` is the user's word (singular), `labels` are the labels it covers.

    Without labels it is unknown to the detector. Not `exact`: the word is narrower than its label ("woman" is covered
    by "person").
    """

    said: str
    labels: tuple[str, ...] = ()
    exact: bool = True


def spoken(label: str) -> str:
    """The word a person would use for a detector label."""
    return _SPOKEN.get(label, label)


def thing_of(words: str) -> Thing | None:
    """The thing these words name, singular or plural, or None. Words are plain (see `plain_words`)."""
    return _THINGS.get(words)


def find_things(words: str) -> list[Thing]:
    """Every thing named in plain words, longest name first at each place, each once, in order."""
    return list(dict.fromkeys(thing for thing, _, _ in names_in(words.split())))


def labels_in(words: str) -> set[str]:
    """The labels of everything named in plain words."""
    return {label for thing in find_things(words) for label in thing.labels}


def mask_things(words: str) -> tuple[str, list[Thing]]:
    """The words with every named thing replaced by THING, and the things in order (repeats kept)."""
    tokens, out, things, done = words.split(), [], [], 0
    for thing, start, end in names_in(tokens):
        out += [*tokens[done:start], "THING"]
        things.append(thing)
        done = end
    return " ".join([*out, *tokens[done:]]), things


def names_in(tokens: list[str]) -> Iterator[tuple[Thing, int, int]]:
    """(thing, start, end) of each non-overlapping name, leftmost and longest first."""
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
            thing = _THINGS.get(" ".join(tokens[at : at + length]))
            if thing is not None:
                yield thing, at, at + length
                at += length
                break
        else:
            at += 1


def _all_names() -> dict[str, Thing]:
    """Every word for a thing, singular and plural -> the thing. Later rows win."""
    named = [(word, Thing(word)) for word in re.split(r",\s+", _BEYOND.strip())]
    for label in LABELS:
        named += [(name, Thing(spoken(label), (label,))) for name in (label, spoken(label))]
    for labels, words in _rows(_OTHER_WORDS):
        for word in words:
            named.append((word, Thing(labels[0] if labels[0] in _SAID_AS_KIND else word, labels)))
    for labels, words in (*_rows(_NARROWER), *_rows(FINER_WORDS)):
        named += [(word, Thing(word, labels, exact=False)) for word in words]
    names = {form.lower(): thing for word, thing in named for form in (plural(word), word)}
    return names | {"persons": names["person"]}


_THINGS = _all_names()
_LONGEST = max(name.count(" ") + 1 for name in _THINGS)
