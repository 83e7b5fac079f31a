"""Whose turn it is, and carrying that decision out; hearing, full duplex."""
