"""Public benchmarks: their files, prompts, scores and published figures."""
