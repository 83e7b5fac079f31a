"""WebRTC: peer connections, packets, decoders and encoders, jitter and reorder buffers."""
