"""Feeds a model that hears with the input of each second: its picture, sound and text."""
