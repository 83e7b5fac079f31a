"""The connections of a call, over WebRTC or a WebSocket, and what comes over them."""
