"""Tools that a model may call: schemas of Python functions, the toolbox of a session, the built-in tools."""
