"""Replies: orders, prompting the engine, streaming phrases, cutting on interruption, the book of reminders."""
