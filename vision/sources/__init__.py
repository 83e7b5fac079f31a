"""Where pictures come from: cameras, streams and video files."""
