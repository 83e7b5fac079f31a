"""Chooses, fetches and opens the models of a process: setups, weights, model choice, capacity, admission."""
