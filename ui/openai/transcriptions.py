"""POST /v1/audio/transcriptions: the words in a recording, as text, with times, or as subtitles."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from audio.chunk import HEARING_RATE_HZ, Samples
from dialogue.errors import BadInput
from dialogue.shown.shown_thing import SaidAt
from stream.media.media_file import read_sound
from stream.showing.film_speech import utterances_of
from ui.openai.chat_completions import EVENTS, event
from ui.openai.requests import LONGEST_BODY, unless_disconnected
from ui.openai.served_models import ServedModels

Form = Literal["json", "text", "srt", "vtt", "verbose_json"]
LANGUAGES = ("", "en", "english")


async def transcriptions(request: Request, models: ServedModels) -> Response:
    """The transcript of the posted file. Raises BadInput, Busy."""
    async with request.form(max_files=1, max_fields=20, max_part_size=LONGEST_BODY) as form:
        file, kind = form.get("file"), form.get("response_format") or "json"
        if not isinstance(file, UploadFile):
            raise BadInput("The form must have a file: the recording.")
        if kind not in get_args(Form):
            raise BadInput(f"response_format must be one of {', '.join(get_args(Form))}.")
        if str(form.get("language") or "").lower() not in LANGUAGES:
            raise BadInput("This server transcribes English only; leave out language.")
        sound = await file.read(LONGEST_BODY + 1)
        if len(sound) > LONGEST_BODY:
            raise BadInput(f"A recording has at most {LONGEST_BODY // 1_000_000} MB; send it in parts.")
        samples = await asyncio.to_thread(_decoded, sound, Path(file.filename or "").suffix)
    said = await unless_disconnected(request, _utterances(models, samples))
    if form.get("stream") == "true":
        return StreamingResponse(_events(said), media_type=EVENTS)
    return _answer(str(kind), said, len(samples) / HEARING_RATE_HZ)


def _decoded(sound: bytes, suffix: str) -> Samples:
    with tempfile.NamedTemporaryFile(prefix="recording", suffix=suffix[:8]) as file:
        file.write(sound)
        file.flush()
        try:
            return read_sound(Path(file.name))
        except BadInput as error:
            raise BadInput(str(error).replace(Path(file.name).name, "The file")) from error


async def _utterances(models: ServedModels, samples: Samples) -> list[SaidAt]:
    parts = models.parts
    if parts.transcriber is None:
        raise BadInput("This server's model hears in calls only; it has no transcriber for a recording.")
    async with models.gate.entered():
        return await parts.threads.asr.run(utterances_of, samples, parts.voice_activity, parts.transcriber)


def _answer(kind: str, said: Sequence[SaidAt], duration_s: float) -> Response:
    text = " ".join(each.text for each in said)
    match kind:
        case "text":
            return PlainTextResponse(f"{text}\n")
        case "srt":
            return PlainTextResponse(_subtitles(said, ","), media_type="application/x-subrip")
        case "vtt":
            return PlainTextResponse("WEBVTT\n\n" + _subtitles(said, ".", numbered=False), media_type="text/vtt")
        case "verbose_json":
            return JSONResponse(_verbose(said, text, duration_s))
        case _:
            return JSONResponse({"text": text})


def _verbose(said: Sequence[SaidAt], text: str, duration_s: float) -> dict[str, Any]:
    segments = [
        {"id": number, "start": round(each.start_s, 2), "end": round(each.end_s, 2), "text": each.text}
        for number, each in enumerate(said)
    ]
    return {"task": "transcribe", "language": "english", "duration": duration_s, "text": text, "segments": segments}


def _subtitles(said: Sequence[SaidAt], point: str, *, numbered: bool = True) -> str:
    return "".join(
        (f"{number}\n" if numbered else "")
        + f"{_clock(each.start_s, point)} --> {_clock(each.end_s, point)}\n{each.text}\n\n"
        for number, each in enumerate(said, 1)
    )


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


async def _events(said: Sequence[SaidAt]) -> Any:
    for number, each in enumerate(said):
        yield event({"type": "transcript.text.delta", "delta": " " * (number > 0) + each.text})
    yield event({"type": "transcript.text.done", "text": " ".join(each.text for each in said)})
