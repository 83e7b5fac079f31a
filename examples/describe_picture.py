"""Answers a question about a picture: `describe_picture.py photo.jpg "What does the sign say?"`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from omnilive import Assistant


def main(arguments: Sequence[str]) -> None:
    picture, *question = arguments
    with Assistant() as assistant:
        print(assistant.describe_image(picture, *question))


if __name__ == "__main__":
    main(sys.argv[1:])
