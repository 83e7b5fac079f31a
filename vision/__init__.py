"""Computer vision: camera, frame sampling, object detection, OCR, tracking, the scene table. No sockets, no tasks."""
