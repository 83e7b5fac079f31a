"""Finer names of detected objects: "a mug" for a cup, "a beagle" for a dog."""
