"""Prints what is said in a recording and answers it, aloud too: `transcribe_and_answer.py question.wav answer.wav`.

The answer is printed, and spoken to the second file if there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from omnilive import Assistant


def main(arguments: Sequence[str]) -> None:
    recording, *answer_file = arguments
    with Assistant() as assistant:
        print("said:", assistant.answer_audio(recording, "What is being said?"))
        print("answer:", assistant.answer_audio(recording, speak=answer_file[0] if answer_file else None))


if __name__ == "__main__":
    main(sys.argv[1:])
