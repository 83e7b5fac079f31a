"""`omnilive ask` about texts longer than a context: documents, and what is said and shown in films."""
