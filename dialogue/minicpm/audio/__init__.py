"""Sound for MiniCPM-o: log-mel frames and the Whisper encoder, whole clips and streams."""
