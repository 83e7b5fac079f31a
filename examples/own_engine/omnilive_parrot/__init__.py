"""An example package that adds an engine, a recogniser, a voice and a detector to omnilive."""
