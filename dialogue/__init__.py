"""What is said and remembered; the language models live here. No sockets (but remote.py), no tasks."""
