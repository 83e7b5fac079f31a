"""Models that transformers runs itself, a picture and text in, text out: MiniCPM's newer siblings and any other."""
