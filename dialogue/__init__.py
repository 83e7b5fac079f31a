"""Conversation and language models; the contracts (blocks, engine, errors) stand here, all else in sub-packages."""
