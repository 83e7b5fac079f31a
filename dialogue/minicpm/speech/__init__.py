"""Speech output of MiniCPM-o: text to audio codes, codes to mel, mel to waveform."""
