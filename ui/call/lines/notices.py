"""Notices of a call about what its page sends."""

from __future__ import annotations

from stream.runtime.events import Notice

VIDEO_OVER_BUDGET = Notice(
    "warning",
    "video_over_budget",
    "The camera sends more than the server decodes for one call, so some pictures are left out. "
    "Choose a smaller size or fewer pictures a second.",
)


def picture_too_large(width: int, height: int) -> Notice:
    return Notice(
        "warning",
        "picture_too_large",
        f"The camera sends pictures of {width}×{height}, which is too large. Choose a smaller size.",
    )
