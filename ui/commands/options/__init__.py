"""Options about who may use a server, and what it keeps."""
