"""What a browser offers: read and checked before anything is built for it. Knows SDP only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiortc.sdp import SessionDescription

from dialogue.errors import BadInput

LONGEST = 64_000  # characters; browsers send 3-8 thousand
KINDS = ("audio", "video", "application")
HIDDEN_ADDRESS = re.compile(r"^(a=candidate:(?:\S+ ){4})[^\s.]+\.local( .*)$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that we can answer: one sound line, at most one picture line and one for the data channel."""

    sdp: str
    video: bool
    firefox: bool = False  # whose ICE pairs none of its addresses with a loopback address of ours


def read_offer(sdp: object, kind: object) -> Offer:
    """Raises BadInput with a sentence that says what is wrong with it."""
    if not isinstance(sdp, str) or kind != "offer":
        raise BadInput('a call begins with {"sdp": the offer as text, "type": "offer"}')
    if len(sdp) > LONGEST:
        raise BadInput(f"this offer has {len(sdp)} characters; at most {LONGEST} are read")
    try:
        session = SessionDescription.parse(sdp)
    except Exception as error:  # its parser raises whatever its lines happen to break
        raise BadInput("this offer is not SDP that can be read") from error
    kinds = [media.kind for media in session.media]
    if "audio" not in kinds:
        raise BadInput("this offer has no sound; add an audio track, or a receiving audio line where there is none")
    if any(kind not in KINDS or kinds.count(kind) > 1 for kind in kinds):
        raise BadInput("an offer has one audio, at most one video and at most one data line")
    for media in session.media:
        if not media.dtls or not media.dtls.fingerprints or not media.ice.usernameFragment or not media.ice.password:
            raise BadInput(f"the {media.kind} line of this offer lacks its fingerprint or its ICE credentials")
    sound = next(media for media in session.media if media.kind == "audio")
    if not any(codec.name.lower() == "opus" for codec in sound.rtp.codecs):
        raise BadInput("this offer has no Opus sound")
    return Offer(sdp, "video" in kinds, firefox=(session.origin or "").startswith("mozilla"))


def with_names_of_this_machine(sdp: str, addresses: Sequence[str]) -> str:
    """The offer of a browser on this machine, its hidden addresses replaced by all those of the machine.

    A browser hides an address behind a name that is looked up by multicast (draft-ietf-mmusic-mdns-ice-candidates);
    here the name can only stand for one of `addresses` or for loopback, and nobody on the network need be asked.
    """
    mine = ("127.0.0.1", *addresses)
    return HIDDEN_ADDRESS.sub(lambda line: "\n".join(f"{line[1]}{address}{line[2]}" for address in mine), sdp)
