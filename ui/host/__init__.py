"""The process and its machine: home folder, addresses, memory, progress bars, logs, errors."""
