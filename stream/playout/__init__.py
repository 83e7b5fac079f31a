"""Reply sound on its way out: synthesis by phrase, playback position, alignment of speech and text."""
