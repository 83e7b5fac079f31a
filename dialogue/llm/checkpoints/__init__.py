"""Files of language models: GGUF and safetensors, tokenizers, configurations, expected tensors."""
