"""Which models a process runs: setups, weights and downloads, model choice, capacity, admission."""
