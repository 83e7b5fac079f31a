"""What a chat model reads: templates, token formats, persona, quoted scene text."""
