"""Finer names of detected things as words of a question: "is it a beagle?" is about a dog that may be one.

Words with another meaning (boxer, crane) are left out, and so are kinds that the detector does not find for sure
(lion): "I don't see a lion" would claim too much.
"""

from __future__ import annotations

# Label: kinds of it that a namer knows. Words that people use for the label itself (mug, taxi) are in `labels`.
FINER_WORDS = """
cat: tabby cat, Persian cat, Siamese cat
dog: chihuahua, Japanese chin, Pekingese, shih tzu, King Charles spaniel, papillon, toy terrier, Rhodesian ridgeback
dog: Afghan hound, basset hound, beagle, bloodhound, coonhound, foxhound, borzoi, Irish wolfhound, greyhound
dog: Ibizan hound, elkhound, otterhound, saluki, deerhound, Weimaraner, Staffordshire terrier, Bedlington terrier
dog: Border terrier, Kerry blue terrier, Irish terrier, Norfolk terrier, Yorkshire terrier, fox terrier
dog: Lakeland terrier, Sealyham terrier, Airedale terrier, cairn terrier, Dandie Dinmont terrier, Boston terrier
dog: schnauzer, Scottish terrier, Tibetan terrier, wheaten terrier, West Highland terrier, flat-coated retriever
dog: curly-coated retriever, golden retriever, Labrador retriever, Chesapeake Bay retriever, German pointer, vizsla
dog: English setter, Irish setter, Gordon setter, Brittany spaniel, Clumber spaniel, springer spaniel, cocker spaniel
dog: Sussex spaniel, water spaniel, kuvasz, schipperke, Belgian shepherd, briard, kelpie, komondor
dog: Old English sheepdog, collie, Border collie, bouvier, rottweiler, German shepherd, dobermann, miniature pinscher
dog: Swiss mountain dog, Bernese mountain dog, mastiff, French bulldog, Great Dane, Saint Bernard, husky, Dalmatian
dog: affenpinscher, basenji, pug, Leonberger, Great Pyrenees, Samoyed, Pomeranian, chow chow, keeshond
dog: Brussels griffon, corgi, poodle, Mexican hairless dog
bird: rooster, hen, ostrich, goldfinch, magpie, chickadee, bald eagle, vulture, owl, peacock, parrot, cockatoo
bird: hornbill, hummingbird, toucan, duck, goose, black swan, stork, spoonbill, flamingo, heron, egret, pelican
bird: penguin
bear: brown bear, black bear, polar bear
cow: ox, water buffalo, bison
elephant: Indian elephant, African elephant
car: ambulance, estate car, convertible, jeep, limousine, minivan, racing car, sports car, police van
truck: fire engine, garbage truck, moving van, tow truck, trailer truck
bus: minibus, school bus, trolleybus
train: high-speed train, electric locomotive, steam locomotive
boat: canoe, container ship, gondola, lifeboat, cruise ship, speedboat, sailing boat, pirate ship
airplane: airliner, military plane
bicycle: tandem, mountain bike
bench: park bench
chair: folding chair, rocking chair, barber chair
bed: four-poster bed
wine glass: beer glass, glass of red wine
bottle: soda bottle, pill bottle
spoon: wooden spoon
bowl: mixing bowl, soup bowl
sandwich: cheeseburger
book: comic book
clock: digital clock, digital watch
handbag: messenger bag
tie: bow tie
sports ball: baseball, golf ball, table tennis ball, rugby ball
"""
