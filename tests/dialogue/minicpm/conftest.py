"""Fixtures of this folder: tiny MiniCPM checkpoints, the models they make, a scripted MiniCPM3 engine."""

from tests.dialogue.minicpm.fixtures import made, model, text3_words, tiny

__all__ = ["made", "model", "text3_words", "tiny"]
