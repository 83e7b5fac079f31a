"""What `omnilive doctor` finds out about a machine. Each check looks at one thing and says what to do about it."""
