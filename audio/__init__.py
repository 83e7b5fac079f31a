"""Sound as numbers: chunks, voice activity, transcription, voice. No sockets, no tasks."""
