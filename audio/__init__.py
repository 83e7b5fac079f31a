"""Audio: chunks, VAD, endpointing, ASR, TTS, local sound devices and sound files."""
