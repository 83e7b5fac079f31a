"""The edge: HTTP, WebRTC, the page, the command line, the Python API."""
