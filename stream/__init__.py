"""The live conversation: stages joined by bounded queues, with a latency budget."""
