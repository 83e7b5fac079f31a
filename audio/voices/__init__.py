"""Voices: hibari for English, Kokoro for other languages and a natural English voice."""
