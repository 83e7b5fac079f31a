"""Image-text models run by transformers (pictures and text in, text out): MiniCPM's newer siblings and any other."""
