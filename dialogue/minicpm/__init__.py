"""The MiniCPM family, native: weights are shared by the process, every session is an object of its own."""
