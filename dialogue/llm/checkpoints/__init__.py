"""Reads files of language models: GGUF and safetensors, tokenizers, configs, expected tensors."""
