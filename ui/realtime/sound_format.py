"""The formats in which a client may send and take sound: PCM of 16 bits, or G.711 as telephones use it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from audio.chunk import Samples
from audio.g711 import RATE_HZ as G711_HZ
from audio.g711 import Law, decoded_g711, encoded_g711
from ui.realtime.sound import decoded, pcm16, pcm16_from

PCM, MU_LAW, A_LAW = "audio/pcm", "audio/pcmu", "audio/pcma"
LAWS: dict[str, Law] = {MU_LAW: "mu", A_LAW: "a"}


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """`kind` is the name in OpenAI's protocols, `rate` in Hz."""

    kind: str = PCM
    rate: int = 24_000

    @classmethod
    def g711(cls, kind: str) -> SoundFormat:
        return cls(kind, G711_HZ)

    def read(self, audio: Any) -> Samples:
        """Base64 text as float32 (n,). Raises BadInput."""
        law = LAWS.get(self.kind)
        return pcm16_from(audio) if law is None else decoded_g711(decoded(audio, "audio"), law)

    def write(self, samples: Samples) -> str:
        """Float32 (n,) as base64 text."""
        law = LAWS.get(self.kind)
        return pcm16(samples) if law is None else base64.b64encode(encoded_g711(samples, law)).decode()

    def described(self) -> dict[str, Any]:
        return {"type": self.kind, "rate": self.rate} if self.kind == PCM else {"type": self.kind}
