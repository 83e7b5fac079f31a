"""One call and the table of calls, with their metrics."""
