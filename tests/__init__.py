"""Tests, and what runs golden data: a package by name, so that none of another project can stand in for it."""
