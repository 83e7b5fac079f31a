"""Reading: text detection and recognition, lines grouped into signs, signs remembered over readings."""
