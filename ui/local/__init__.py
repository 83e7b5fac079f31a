"""Sessions without a browser: local devices, keyboard, terminal captions, replay of files."""
