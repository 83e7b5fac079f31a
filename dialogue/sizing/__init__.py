"""Facts and needs of a model, computed from its configuration and file headers before anything is loaded."""
