"""What a model is and what it needs, computed from its configuration and file headers before anything is loaded."""
