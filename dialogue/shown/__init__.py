"""What the user shows beside the camera - pictures, films, recordings, documents - and answers about it by rule."""
