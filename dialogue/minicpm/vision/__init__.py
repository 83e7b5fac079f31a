"""Pictures for MiniCPM-V and -o: slicing, the vision tower, the resampler."""
