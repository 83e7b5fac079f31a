"""Written requests outside a call: messages with pictures, recordings and films, answered as text or sound."""
