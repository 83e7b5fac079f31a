"""Which language the user speaks, and the models of languages other than English."""
