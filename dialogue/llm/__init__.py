"""Language models: decoders, KV cache, rolling ledger, sampling, continuous batching."""
