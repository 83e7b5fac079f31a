"""The HTTP endpoints of OpenAI's API: chat completions, responses, models, transcriptions and speech."""
