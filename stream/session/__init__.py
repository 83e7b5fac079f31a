"""One live session: its stages and their wiring, controls, paced playout, announcements."""
