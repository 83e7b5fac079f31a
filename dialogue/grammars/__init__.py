"""Function calls and structured answers of chat models, held to their JSON schema while they are generated."""
