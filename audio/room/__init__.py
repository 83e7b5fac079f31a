"""Hearing in a room: without the echo of the loudspeaker, and the person who speaks to us before the background."""
