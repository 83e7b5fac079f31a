"""The memory of a conversation: event log, conversation log, scene memory, recap, lookup, sentence embeddings."""
