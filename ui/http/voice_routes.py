"""The languages and voices that calls can have, and a sample of each voice. See docs/wire.md.

The guard has checked host, origin and token.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from audio.models import VoiceModel
from audio.sound_file import wav_of
from dialogue.errors import Busy
from dialogue.languages.language import ENGLISH
from stream.languages.speakers import HIBARI, LANGUAGE_OF, SPEAKERS_OF, own_name, sample
from ui.http.guard import refusal, retry_after
from ui.openai.served_models import ServedModels

SAMPLE_RETRY_S = 5


def voice_router(models: Callable[[], ServedModels | None]) -> APIRouter:
    """The routes; `models` returns None until they are loaded."""
    router = APIRouter(prefix="/voices")

    @router.get("")
    async def voices() -> Response:
        return JSONResponse({"languages": _listed(models())})

    @router.get("/{name}")
    async def voice_sample(name: str) -> Response:
        served = models()
        if served is None or name not in LANGUAGE_OF:
            return refusal(404, "no_voice", "There is no voice of this name.")
        voice = await _voice(served, name)
        if voice is None:
            advice = "This voice is fetched when its language is first used."
            return refusal(409, "not_fetched", advice)
        try:
            async with served.gate.entered():
                spoken = await served.parts.threads.voice.run(voice.spoken, sample(LANGUAGE_OF[name]))
        except Busy as error:
            return refusal(503, "busy", str(error), headers=retry_after(SAMPLE_RETRY_S))
        return Response(wav_of(spoken.samples, voice.rate), media_type="audio/wav")

    return router


def _listed(served: ServedModels | None) -> list[dict[str, object]]:
    """Nothing where the model of the server hears and speaks by itself."""
    if served is None or served.parts.voice is None:
        return []
    if served.parts.languages is None:
        return [_language(ENGLISH, [HIBARI])]
    return [_language(code, list(names)) for code, names in SPEAKERS_OF.items()]


def _language(code: str, voices: list[str]) -> dict[str, object]:
    return {"code": code, "name": own_name(code), "voices": voices}


async def _voice(served: ServedModels, name: str) -> VoiceModel | None:
    """None while the models of this voice are not here: a sample fetches nothing."""
    if name == HIBARI:
        return served.parts.voice
    languages = served.parts.languages
    return await languages.speaking(LANGUAGE_OF[name], name) if languages is not None and languages.are_here else None
