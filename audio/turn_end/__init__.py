"""What the sound of speech says about the end of a turn: Smart Turn, pitch and loudness."""
