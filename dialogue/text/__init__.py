"""English as text: grammar, plain words, numbers and times, arithmetic, labels, phrases about a scene."""
