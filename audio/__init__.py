"""Sound as numbers: chunks, voice activity, transcription, synthesis."""
