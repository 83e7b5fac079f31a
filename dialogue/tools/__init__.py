"""Functions a model may call: schemas made from Python functions, the toolbox of a session, the built-in tools."""
