"""The user's documents: passages in a file on this machine, found by words and meaning, quoted with their place."""
