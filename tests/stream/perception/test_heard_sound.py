import numpy as np

from audio.chunk import Chunk
from stream.perception.heard_sound import AudioBuffer


def ramp(start: int, n: int) -> Chunk:
    return Chunk(np.arange(start, start + n, dtype=np.float32), 16_000, start)


def test_any_stretch_can_be_taken_back_across_the_rings_seam() -> None:
    sound = AudioBuffer(kept_s=0.1)  # 1600 samples
    for start in range(0, 4000, 320):
        sound.append(ramp(start, 320))
    end = sound.end_s
    last = sound.between(end - 0.05, end)
    assert np.array_equal(last, np.arange(4160 - 800, 4160, dtype=np.float32))
    assert len(sound.between(0.0, end)) == 1600  # only what is kept


def test_lost_time_is_silence() -> None:
    sound = AudioBuffer()
    sound.append(ramp(0, 160))
    sound.append(ramp(480, 160))
    heard = sound.between(0.0, 1.0)
    assert len(heard) == 640
    assert not heard[160:480].any()
    assert heard[480] == 480
