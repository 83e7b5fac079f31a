"""What the user shows in a call: takes each thing in, for the engine and for answers by rule."""
