"""The list of languages and voices, and the samples."""

from __future__ import annotations

import io
import wave
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient

from audio.voice_timing import SpokenPhrase
from stream.runtime.device_thread import DeviceThread
from ui.http.voice_routes import voice_router
from ui.openai.served_models import ServedModels


class ToneVoice:
    """A voice that plays a tone, and keeps what it was asked to say."""

    rate = 24_000

    def __init__(self) -> None:
        self.said: list[str] = []

    def spoken(self, phrase: str) -> SpokenPhrase:
        self.said.append(phrase)
        return SpokenPhrase(phrase, np.full(2400, 0.5, np.float32), (), exact=True)


class Languages:
    def __init__(self, here: bool) -> None:
        self.are_here, self.tone = here, ToneVoice()

    async def speaking(self, code: str, speaker: str) -> ToneVoice:
        assert (code, speaker) == ("zh", "zm_yunxi")
        return self.tone


def client(thread: DeviceThread, voice: ToneVoice | None, languages: Languages | None) -> TestClient:
    parts = SimpleNamespace(voice=voice, languages=languages, threads=SimpleNamespace(voice=thread))
    models = ServedModels(cast(Any, parts), cast(Any, None), cast(Any, None))
    app = FastAPI()
    app.include_router(voice_router(lambda: models))
    return TestClient(app)


def test_voices_are_listed_as_far_as_the_models_go() -> None:
    with DeviceThread("voice") as thread:
        listed = client(thread, ToneVoice(), Languages(here=False)).get("/voices").json()["languages"]
        assert [each["name"] for each in listed][:2] == ["English", "español"]
        assert client(thread, ToneVoice(), None).get("/voices").json() == {
            "languages": [{"code": "en", "name": "English", "voices": ["hibari"]}]
        }
        assert client(thread, None, None).get("/voices").json() == {"languages": []}


def test_a_sample_is_sound_and_fetches_nothing() -> None:
    with DeviceThread("voice") as thread:
        languages = Languages(here=True)
        answer = client(thread, ToneVoice(), languages).get("/voices/zm_yunxi")
        with wave.open(io.BytesIO(answer.content)) as sound:
            assert (sound.getframerate(), sound.getnframes()) == (24_000, 2400)
        assert languages.tone.said == ["你好，我是 Omni。"]
        assert client(thread, ToneVoice(), Languages(here=False)).get("/voices/zm_yunxi").status_code == 409
        assert client(thread, ToneVoice(), None).get("/voices/nobody").status_code == 404
