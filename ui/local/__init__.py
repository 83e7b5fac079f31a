"""Sessions without a browser: local devices, keyboard, terminal captions, replayed files."""
