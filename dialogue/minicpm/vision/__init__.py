"""Picture input of MiniCPM-V and -o: slicing, the vision tower, the resampler."""
