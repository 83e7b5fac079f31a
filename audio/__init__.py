"""Audio processing: chunks, VAD, endpointing, ASR, TTS and local sound devices. Opens no sockets, starts no tasks."""
