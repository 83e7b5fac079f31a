"""Playout of replies: speech synthesis by phrase, playback position, alignment of speech and text."""
