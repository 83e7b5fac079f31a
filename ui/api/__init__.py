"""The Python API: the assistant, live calls from a program, attachments."""
