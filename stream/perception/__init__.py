"""From media to facts and words: frames watched, captions, transcripts, units of interleaved sound and pictures."""
