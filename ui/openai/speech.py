"""POST /v1/audio/speech: text as sound, in the server's voice."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from typing import Any, Literal

import av
import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from audio.chunk import Samples
from audio.resample import resample_whole
from dialogue.errors import BadInput
from stream.models.parts import Parts
from ui.openai.requests import posted_json, unless_disconnected
from ui.openai.served_models import ServedModels
from ui.realtime.sound import pcm_of

RATE_HZ = 24_000  # of every format but opus, which has its own
OPUS_RATE_HZ = 48_000
Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

# (container, codec, sample format, media type)
_ENCODED: dict[str, tuple[str, str, str, str]] = {
    "mp3": ("mp3", "mp3", "s16p", "audio/mpeg"),
    "opus": ("ogg", "libopus", "s16", "audio/ogg"),
    "aac": ("adts", "aac", "fltp", "audio/aac"),
    "flac": ("flac", "flac", "s16", "audio/flac"),
    "wav": ("wav", "pcm_s16le", "s16", "audio/wav"),
}


class SpeechBody(BaseModel):
    """`voice` is accepted and has no effect: the server has one voice."""

    model_config = ConfigDict(extra="ignore")

    input: str = Field(min_length=1, max_length=4096)
    voice: Any = None
    response_format: Format = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0)


async def speech(request: Request, models: ServedModels) -> Response:
    """The sound of the input; PCM is sent sentence by sentence. Raises BadInput, Busy, ValidationError."""
    body = SpeechBody.model_validate(await posted_json(request))
    if models.parts.voice is None:
        raise BadInput("This server's model speaks in calls only; it has no voice for a text.")
    if body.speed != 1.0:
        raise BadInput("speed must be 1: this voice has one pace.")
    sentences = _sentences(models, body.input)
    if body.response_format == "pcm":
        return StreamingResponse(_pcm(sentences), media_type="audio/pcm")
    samples = await unless_disconnected(request, _whole(sentences))
    sound = await asyncio.to_thread(encoded, samples, body.response_format)
    return Response(sound, media_type=_ENCODED[body.response_format][3])


def encoded(samples: Samples, kind: Format) -> bytes:
    """(n,) float32 at 24 kHz as a file of this format. Blocks."""
    container, codec, sample_format, _ = _ENCODED[kind]
    rate = OPUS_RATE_HZ if kind == "opus" else RATE_HZ
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono", format=sample_format)
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm_of(samples), "<i2")[None], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        resampler = av.AudioResampler(format=sample_format, layout="mono", rate=rate, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return file.getvalue()


async def _sentences(models: ServedModels, text: str) -> AsyncIterator[Samples]:
    """The sound of each sentence, at 24 kHz."""
    async with models.gate.entered():
        for sentence in filter(str.strip, re.split(r"(?<=[.!?…])\s+", text)):
            yield await models.parts.threads.voice.run(_spoken, models.parts, sentence)


def _spoken(parts: Parts, sentence: str) -> Samples:
    assert parts.voice is not None, "the route has checked that there is a voice"
    return resample_whole(parts.voice.spoken(sentence).samples, parts.voice.rate, RATE_HZ)


async def _whole(sentences: AsyncIterator[Samples]) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *[each async for each in sentences]])


async def _pcm(sentences: AsyncIterator[Samples]) -> AsyncIterator[bytes]:
    async for samples in sentences:
        yield pcm_of(samples)
