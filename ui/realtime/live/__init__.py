"""The Live dialect of OpenAI (GPT-Live): its messages, its session, its data channel."""
