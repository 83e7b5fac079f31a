"""The HTTP server: routes, access tokens, origin guard, certificates, addresses."""
