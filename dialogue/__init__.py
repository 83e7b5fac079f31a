"""Conversation and language models. The contracts (blocks, engine, errors) stand here, all else in sub-packages."""
