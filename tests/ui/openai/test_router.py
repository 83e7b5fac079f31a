"""The endpoints of a running server with its real models, asked by the stock `openai` client.

Tests chat_completions.py, responses.py, speech.py and transcriptions.py as their users meet them.

Also tests `chat_completions.py`, `errors.py`, `responses.py`, `speech.py` and `transcriptions.py`.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.browser.served import ServerProcess


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}v1", api_key="none", max_retries=0) as client:
        yield client


def data_url(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_the_model_is_listed(client: openai.OpenAI) -> None:
    [model] = client.models.list().data
    assert client.models.retrieve(model.id) == model


def test_a_question_about_a_picture_is_answered(client: openai.OpenAI, media: Path) -> None:
    answer = client.chat.completions.create(
        model="laptop",
        messages=[
            {"role": "system", "content": "You are brief."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": data_url(media / "sign.png")}},
                    {"type": "text", "text": "What does the sign say?"},
                ],
            },
        ],
    )
    assert "GATE 7" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.completion_tokens > 0


def test_a_spoken_question_is_answered(client: openai.OpenAI, media: Path) -> None:
    sound = base64.b64encode((media / "time.wav").read_bytes()).decode()
    answer = client.chat.completions.create(
        model="laptop",
        messages=[
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}}]}
        ],
    )
    said = answer.choices[0].message.content or ""
    assert re.search(r"\d|in the (morning|afternoon|evening)|night", said), said


def test_an_answer_streams_and_ends_before_a_stop(client: openai.OpenAI) -> None:
    asked = "What is 6 times 7?"
    whole = client.chat.completions.create(model="x", messages=[{"role": "user", "content": asked}])
    text = whole.choices[0].message.content or ""
    assert "42" in text
    chunks = list(
        client.chat.completions.create(
            model="x",
            messages=[{"role": "user", "content": asked}],
            stream=True,
            stream_options={"include_usage": True},
            stop="42",
        )
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == text[: text.index("42")]
    assert chunks[0].choices[0].delta.role in ("assistant", None)
    assert chunks[-1].usage is not None


def test_a_structured_answer_is_valid(client: openai.OpenAI) -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"number": {"type": "integer"}},
        "required": ["number"],
    }
    answer = client.chat.completions.create(
        model="laptop",
        messages=[{"role": "user", "content": "Which number follows 6?"}],
        response_format={"type": "json_schema", "json_schema": {"name": "following", "schema": schema}},
        max_tokens=60,
    )
    assert isinstance(json.loads(answer.choices[0].message.content or "")["number"], int)


def test_responses_are_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.responses.create(model="laptop", input="What is 6 times 7?", instructions="Be brief.")
    assert "42" in whole.output_text
    assert whole.status == "completed"
    kinds, said = [], ""
    for event in client.responses.create(model="laptop", input="What is 6 times 7?", stream=True):
        kinds.append(event.type)
        said += event.delta if event.type == "response.output_text.delta" else ""
    assert said.strip() == whole.output_text
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"


def test_what_is_spoken_is_transcribed_again(client: openai.OpenAI) -> None:
    text = "The museum opens at nine. Please bring two tickets."
    for kind in ("mp3", "wav", "opus"):
        sound = client.audio.speech.create(model="laptop", voice="alloy", input=text, response_format=kind).content
        heard = client.audio.transcriptions.create(model="whisper-1", file=(f"speech.{kind}", io.BytesIO(sound)))
        assert "museum opens at" in heard.text
    verbose = client.audio.transcriptions.create(
        model="whisper-1", file=("speech.opus", io.BytesIO(sound)), response_format="verbose_json"
    )
    assert verbose.segments is not None
    assert 0 <= verbose.segments[0].start < verbose.segments[-1].end <= verbose.duration
    srt = client.audio.transcriptions.create(model="w", file=("a.opus", io.BytesIO(sound)), response_format="srt")
    assert str(srt).startswith("1\n00:00:0")


def test_pcm_is_streamed_by_sentence(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="laptop", voice="alloy", input="One. Two.", response_format="pcm"
    ) as response:
        pieces = list(response.iter_bytes())
    assert sum(map(len, pieces)) > 24_000, "half a second, two bytes each"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"messages": []}),
        ("chat/completions", {"messages": [{"role": "robot", "content": "Hi"}]}),
        ("chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "n": 3}),
        ("chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "temperature": "hot"}),
        ("chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "response_format": {"type": "xml"}}),
        ("chat/completions", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": 5}]}]}),
        ("chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "stream": True, "top_p": 7}),
        ("responses", {"input": "Hi", "previous_response_id": "resp_1"}),
        ("audio/speech", {"input": ""}),
        ("audio/speech", {"input": "Hi", "response_format": "midi"}),
        ("audio/transcriptions", {"file": "no form"}),
    ],
)
def test_bad_input_gets_a_sentence(server: ServerProcess, path: str, body: dict[str, object]) -> None:
    answer = httpx.post(f"{server.url}v1/{path}", json=body)
    error = answer.json()["error"]
    assert answer.status_code == 400, error
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith(".")


def test_what_is_no_recording_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="not"):
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"This is not a recording."))
