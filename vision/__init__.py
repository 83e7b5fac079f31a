"""Computer vision: camera, frame sampling, object detection, OCR, tracking and the scene table."""
