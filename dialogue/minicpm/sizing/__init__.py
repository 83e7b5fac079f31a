"""What MiniCPM models cost on a machine: unit and turn cost, worst cases, roofline."""
