"""What is answered without a model: questions about the scene and the past, timers, the clock, small talk."""
