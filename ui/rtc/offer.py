"""Reads and checks the SDP offer of a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aioice.candidate import Candidate
from aiortc.rtcicetransport import candidate_to_aioice
from aiortc.sdp import SessionDescription, candidate_from_sdp

from dialogue.errors import BadInput

LONGEST = 64_000  # characters; browsers send 3-8 thousand
MOST_CANDIDATES = 20  # a check list grows with each; a machine with several networks has about ten
KINDS = ("audio", "video", "application")
OPUS = re.compile(r"^a=rtpmap:(\d+) opus/48000/2(?=\r?$)", re.MULTILINE | re.IGNORECASE)
CANDIDATE = re.compile(r"^a=candidate:\S+ \S+ (\S+) .*$", re.IGNORECASE)
HIDDEN_ADDRESS = re.compile(r"^(a=candidate:(?:\S+ ){4})[^\s.]+\.local( .*)$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that can be answered: one audio line, at most one video line and one data channel."""

    sdp: str
    video: bool
    firefox: bool = False  # which pairs none of its addresses with a loopback address of the server


def read_offer(sdp: object, kind: object) -> Offer:
    """The offer in a request. Raises BadInput that says what is wrong."""
    if not isinstance(sdp, str) or kind != "offer":
        raise BadInput('The request body must be {"sdp": the offer as text, "type": "offer"}.')
    if len(sdp) > LONGEST:
        raise BadInput(f"The offer has {len(sdp)} characters; the limit is {LONGEST}.")
    try:
        session = SessionDescription.parse(sdp)
    except Exception as error:  # its parser raises exceptions of many kinds
        raise BadInput("The offer is not valid SDP.") from error
    kinds = [media.kind for media in session.media]
    if "audio" not in kinds:
        raise BadInput("The offer has no audio. Add an audio track, or a receive-only audio line.")
    if any(kind not in KINDS or kinds.count(kind) > 1 for kind in kinds):
        raise BadInput("An offer must have one audio, at most one video and at most one data line.")
    for media in session.media:
        if not media.dtls or not media.dtls.fingerprints or not media.ice.usernameFragment or not media.ice.password:
            raise BadInput(f"The {media.kind} line of the offer lacks its fingerprint or its ICE credentials.")
    sound = next(media for media in session.media if media.kind == "audio")
    if not any(codec.name.lower() == "opus" for codec in sound.rtp.codecs):
        raise BadInput("The offer has no Opus audio.")
    return Offer(with_few_candidates(sdp), "video" in kinds, firefox=(session.origin or "").startswith("mozilla"))


def with_error_correction(answer: str) -> str:
    """The answer, which asks the browser to add a copy of each Opus packet to the next one (RFC 7587, section 7)."""
    if "useinbandfec" in answer:
        return answer
    return OPUS.sub(r"\g<0>\r\na=fmtp:\g<1> minptime=10;useinbandfec=1", answer)


def with_few_candidates(sdp: str) -> str:
    """The offer with its first MOST_CANDIDATES candidates for UDP; aioice uses no others."""
    kept, lines = 0, list[str]()
    for line in sdp.splitlines(keepends=True):
        candidate = CANDIDATE.match(line.rstrip("\r\n"))
        if candidate is not None:
            kept += candidate[1].lower() == "udp"
            if candidate[1].lower() != "udp" or kept > MOST_CANDIDATES:
                continue
        lines.append(line)
    return "".join(lines)


def with_local_addresses(sdp: str, addresses: Sequence[str]) -> str:
    """The offer of a browser on this machine, with its hidden addresses replaced by all addresses of the machine.

    A browser hides an address behind a multicast DNS name (draft-ietf-mmusic-mdns-ice-candidates). Here the name can
    only stand for loopback or one of `addresses`, so that no lookup on the network is needed.
    """
    local = ("127.0.0.1", *addresses)
    shown = HIDDEN_ADDRESS.sub(lambda line: "\n".join(f"{line[1]}{address}{line[2]}" for address in local), sdp)
    return with_few_candidates(shown)


class CandidateLines:
    """Reads the candidates that a browser finds after its offer. `addresses` are those of this machine, where the
    browser runs on it too and hides its own; None elsewhere."""

    def __init__(self, addresses: Sequence[str] | None = None) -> None:
        self._addresses = addresses

    def read(self, lines: Sequence[str]) -> list[Candidate]:
        """The candidates for UDP among lines of an offer, or among the texts of RTCIceCandidate. Raises BadInput."""
        sdp = "\n".join(line if line.startswith("a=") else f"a={line}" for line in lines)
        kept = with_few_candidates(sdp) if self._addresses is None else with_local_addresses(sdp, self._addresses)
        try:
            return [
                candidate_to_aioice(candidate_from_sdp(line.removeprefix("a=candidate:")))
                for line in kept.splitlines()
                if line.startswith("a=candidate:")
            ]
        except (AssertionError, IndexError, ValueError) as error:
            raise BadInput("A candidate is not valid.") from error
