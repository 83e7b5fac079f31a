"""Engines of the MiniCPM family, which run natively: V 2.5, V 2.6, MiniCPM3, o 2.6 and o 4.5."""
