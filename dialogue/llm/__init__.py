"""Runs language models: decoders, KV cache, rolling context, sampling, beam search, continuous batching."""
