"""G.711 agrees with FFmpeg's decoders, and is its own inverse."""

from __future__ import annotations

import av
import numpy as np
import pytest

from audio.g711 import VALUES, Law, decoded_g711, encoded_g711


@pytest.mark.parametrize(("law", "codec"), [("mu", "pcm_mulaw"), ("a", "pcm_alaw")])
def test_every_code_means_what_ffmpeg_reads(law: Law, codec: str) -> None:
    decoder = av.CodecContext.create(codec, "r")
    decoder.sample_rate, decoder.layout = 8_000, "mono"
    [frame] = decoder.decode(av.Packet(bytes(range(256))))
    assert frame.to_ndarray()[0].tolist() == VALUES[law].tolist()


@pytest.mark.parametrize("law", ["mu", "a"])
def test_sound_survives_with_the_error_of_eight_bits(law: Law) -> None:
    samples = np.sin(np.linspace(0, 300, 8_000)).astype(np.float32) * np.linspace(0, 1, 8_000, dtype=np.float32)
    again = decoded_g711(encoded_g711(samples, law), law)
    assert np.abs(again - samples).max() < 0.035
    assert np.array_equal(decoded_g711(encoded_g711(again, law), law), again)
