"""Live sessions of MiniCPM-o 2.6 and 4.5: units, duplex, interruption, context windows."""
