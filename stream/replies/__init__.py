"""Replies: asking the engine, streaming phrases, cutting on interruption, reminders that are due."""
