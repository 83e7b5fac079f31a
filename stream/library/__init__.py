"""Keeps the library of documents up to date with its files, and watches them while a server runs."""
