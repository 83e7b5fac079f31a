"""Turn-taking as a pure function: events in, decisions out; no task, no clock, no model."""
