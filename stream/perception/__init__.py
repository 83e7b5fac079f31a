"""Perception: keyframes to a scene, captions and transcripts, units of interleaved sound and pictures."""
