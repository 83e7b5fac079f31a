"""What the user asks of the session itself: timers, its memory, a larger model."""
