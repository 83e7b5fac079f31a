"""The process and its machine: home folder, memory, progress bars, plain error messages."""
