"""The edge: sockets, HTTP, the page, the terminal. The only package that reads the environment."""
