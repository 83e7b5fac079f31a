"""User interfaces: HTTP, WebRTC, the page, the terminal, the Python API; only here the environment is read."""
