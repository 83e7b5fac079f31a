"""What a conversation remembers: event log, conversation log, scene memory, recap, lookup, sentence embeddings."""
