"""The flight recorder of a call: a record of every turn, recordings on disk, and their replay."""
