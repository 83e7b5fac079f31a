"""User interfaces: HTTP, WebRTC, page, terminal, Python API. The only package that reads the environment."""
