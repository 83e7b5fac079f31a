"""The classes of ImageNet-1k that are kinds of what the detector names: label of the detector -> finer name -> classes.

Classes that even people mix up share a name, so that their probabilities add up: the striped and spotted house cats,
the sizes of a schnauzer. What one crop does not show for certain is left out: clothes, mopeds, screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# One line a label. "name 1 2": the numbers of the classes; a name without numbers has the class after the last one.
_TABLE = """
cat: tabby cat 281 282 285, Persian cat 283, Siamese cat, lion 291, tiger, cheetah, leopard 288 290, lynx 287
dog: chihuahua 151, Japanese chin, Maltese, Pekingese, shih tzu, King Charles spaniel, papillon, toy terrier
dog: Rhodesian ridgeback 159, Afghan hound, basset hound, beagle, bloodhound, coonhound 164 165 166 168, foxhound 167
dog: borzoi 169, Irish wolfhound, greyhound 171 172, Ibizan hound 173, elkhound, otterhound, saluki, deerhound
dog: Weimaraner 178, Staffordshire terrier 179 180, Bedlington terrier 181, Border terrier, Kerry blue terrier
dog: Irish terrier 184, Norfolk terrier 185 186, Yorkshire terrier 187 201, fox terrier 188, Lakeland terrier
dog: Sealyham terrier 190, Airedale terrier, cairn terrier 192 193, Dandie Dinmont terrier 194, Boston terrier
dog: schnauzer 196 197 198, Scottish terrier 199, Tibetan terrier 200 204, wheaten terrier 202
dog: West Highland terrier 203, flat-coated retriever 205, curly-coated retriever, golden retriever, Labrador retriever
dog: Chesapeake Bay retriever 209, German pointer, vizsla, English setter, Irish setter, Gordon setter, Brittany spaniel
dog: Clumber spaniel 216, springer spaniel 217 218, cocker spaniel 219, Sussex spaniel, water spaniel, kuvasz
dog: schipperke 223, Belgian shepherd 224 225, briard 226, kelpie, komondor, Old English sheepdog, collie 230 231
dog: Border collie 232, bouvier, rottweiler, German shepherd, dobermann, miniature pinscher, Swiss mountain dog 238
dog: Bernese mountain dog 239, Swiss mountain dog 238 240 241, boxer 242, mastiff 243 244, French bulldog 245
dog: Great Dane 246, Saint Bernard, husky 248 249 250, Dalmatian 251, affenpinscher, basenji, pug, Leonberger
dog: Newfoundland 256, Great Pyrenees, Samoyed, Pomeranian, chow chow, keeshond, Brussels griffon, corgi 263 264
dog: poodle 265 266 267, Mexican hairless dog 268
bird: rooster 7, hen, ostrich, goldfinch 11, jay 17, magpie, chickadee, bald eagle 22, vulture, owl, peacock 84
bird: parrot 87 88 90, cockatoo 89, hornbill 93, hummingbird, toucan 96, duck 97 98, goose 99
bird: black swan 100, stork 127 128, spoonbill 129, flamingo, heron 131, egret, crane 134, pelican 144, penguin
bear: brown bear 294, black bear, polar bear, giant panda 388
cow: ox 345, water buffalo, bison
sheep: ram 348 349
elephant: Indian elephant 385, African elephant 386 101
car: ambulance 407, estate car 436, taxi 468, convertible 511, jeep 609, limousine 627, minivan 656, racing car 751
car: sports car 817, police van 734
truck: fire engine 555, garbage truck 569, moving van 675, pickup truck 717, tow truck 864, trailer truck 867
bus: minibus 654, school bus 779, trolleybus 874
train: high-speed train 466, electric locomotive 547, steam locomotive 820, tram 829
boat: canoe 472, container ship 510, gondola 576, lifeboat 625, cruise ship 628, speedboat 814
boat: sailing boat 484 780 871 914, pirate ship 724
airplane: airliner 404, military plane 895
bicycle: tandem 444, mountain bike 671
bench: park bench 703
chair: folding chair 559, rocking chair 765, barber chair 423
bed: four-poster bed 564, cot 520
cup: mug 504, cup of coffee 967
wine glass: beer glass 441, glass of red wine 966
bottle: beer bottle 440, soda bottle 737, water bottle 898, wine bottle 907, pill bottle 720
knife: cleaver 499
spoon: wooden spoon 910, ladle 618
bowl: mixing bowl 659, soup bowl 809
sandwich: cheeseburger 933
book: comic book 917
clock: digital clock 530, digital watch, wall clock 892
handbag: purse 748, messenger bag 636
tie: bow tie 457
sports ball: baseball 429, basketball, golf ball 574, table tennis ball 722, rugby ball 768, soccer ball 805
sports ball: tennis ball 852, volleyball 890
"""


def _rows() -> Iterator[tuple[str, str, list[int]]]:
    for row in _TABLE.strip().splitlines():
        label, _, entries = row.partition(": ")
        last = -1
        for entry in entries.split(", "):
            words = entry.split()
            numbers = [int(word) for word in words if word.isdecimal()] or [last + 1]
            last = numbers[-1]
            yield label, " ".join(word for word in words if not word.isdecimal()), numbers


def _names() -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for label, name, numbers in _rows():
        found.setdefault(label, {})[name] = tuple(numbers)
    return found


FINER_NAMES = _names()
