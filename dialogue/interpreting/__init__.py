"""Live translation by a language model: its instructions, and the translators."""
