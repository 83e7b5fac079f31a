"""The endpoints of OpenAI's API: chat, responses, models, transcriptions, speech, and the realtime socket."""
