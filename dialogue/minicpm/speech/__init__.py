"""The voices of MiniCPM-o: text to audio codes, codes to mel, mel to waveform."""
