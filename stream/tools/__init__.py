"""Tools from outside of the program: functions that a user names, and the tools of MCP servers."""
