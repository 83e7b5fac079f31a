"""Turn-taking: the rules, the floor that carries them out, audio perception, full duplex."""
