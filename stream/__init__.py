"""The live conversation: time, tasks, turns. The only package that owns tasks, queues and threads."""
