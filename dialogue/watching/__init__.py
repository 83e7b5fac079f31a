"""What is seen and calls for words: rules to watch for, and descriptions of changes while they happen."""
