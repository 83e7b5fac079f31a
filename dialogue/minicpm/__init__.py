"""Native implementation of the MiniCPM family: weights are shared in a process, every session is an object."""
