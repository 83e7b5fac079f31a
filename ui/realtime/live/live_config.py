"""The messages of clients of OpenAI's Live dialect (GPT-Live). Strict: a field that is not named here is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from ui.realtime.dialect import LargerModelAsked

LONGEST_APPEND = 2000  # characters: about 500 tokens
LONGEST_INSTRUCTIONS = 64_000
MOST_ITEMS, MOST_FUNCTIONS = 128, 32


@dataclass(frozen=True, slots=True)
class LiveServer:
    """What the server offers a session: its model's abilities, and whether it has a larger model of its own."""

    can: Capabilities
    has_larger_model: bool = False
    expires_at: int = 0  # a Unix time, which the protocol wants; sessions do not expire


class LiveModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LivePcm(LiveModel):
    type: Literal["audio/pcm"]
    rate: Literal[16000, 24000]


class LiveG711(LiveModel):
    type: Literal["audio/pcmu", "audio/pcma"]
    rate: Literal[8000] = 8000


LiveFormat = Annotated[LivePcm | LiveG711, Field(discriminator="type")]


class LiveOutput(LiveModel):
    voice: str | dict[str, Any] | None = None


class LiveAudio(LiveModel):
    format: LiveFormat | None = None
    output: LiveOutput | None = None


class LiveText(LiveModel):
    type: Literal["input_text", "output_text", "text"] = "input_text"
    text: str


class LiveItem(LiveModel):
    type: Literal["message"] = "message"
    role: Literal["developer", "user", "assistant"]
    content: list[LiveText] = Field(min_length=1, max_length=1)
    id: str | None = None
    status: Literal["incomplete", "completed"] | None = None


class ClientDelegation(LiveModel):
    type: Literal["client"]
    acknowledgement_delay_ms: int | None = Field(default=None, ge=0)


class LiveFunction(LiveModel):
    type: Literal["function"]
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ResponsesBackend(LiveModel):
    model: str
    instructions: str | None = Field(default=None, max_length=LONGEST_INSTRUCTIONS)
    max_output_tokens: int | None = Field(default=None, ge=1)
    parallel_tool_calls: bool | None = None
    tool_choice: Literal["auto", "none"] | None = None
    tools: list[LiveFunction] | None = Field(default=None, max_length=MOST_FUNCTIONS)


class ResponsesDelegation(LiveModel):
    type: Literal["responses"]
    responses: ResponsesBackend
    acknowledgement_delay_ms: int | None = Field(default=None, ge=0)

    @property
    def asked(self) -> LargerModelAsked:
        backend = self.responses
        tools = backend.tools if backend.tools is not None and backend.tool_choice != "none" else []
        functions = [tool.model_dump(exclude_none=True) for tool in tools]
        return LargerModelAsked(backend.instructions, functions, backend.max_output_tokens)


LiveDelegation = Annotated[ClientDelegation | ResponsesDelegation, Field(discriminator="type")]


class ResponseEventSelector(LiveModel):
    type: str
    response_event: str | None = None


class DataChannelPermissions(LiveModel):
    allowed_client_events: Literal["all"] | list[str] | None = None
    allowed_server_events: Literal["all"] | list[ResponseEventSelector] | None = None


class LiveClient(LiveModel):
    data_channel: DataChannelPermissions


class LiveConfig(LiveModel):
    """The session of a session.start."""

    model: str
    instructions: str | None = Field(default=None, max_length=LONGEST_INSTRUCTIONS)
    audio: LiveAudio | None = None
    client: LiveClient | None = None
    delegation: LiveDelegation | None = None
    input: list[LiveItem] | None = Field(default=None, max_length=MOST_ITEMS)
    safety_identifier: str | None = None
    store: Literal[False] | None = None
    triggers: list[Any] | None = Field(default=None, max_length=0)


class LiveChanges(LiveModel):
    """The session of a session.update."""

    delegation: LiveDelegation | None = None
    triggers: list[Any] | None = Field(default=None, max_length=0)


class LiveMessage(LiveModel):
    event_id: str | None = Field(default=None, max_length=512)


class LiveSessionStart(LiveMessage):
    type: Literal["session.start"]
    session: LiveConfig


class SessionUpdate(LiveMessage):
    type: Literal["session.update"]
    session: LiveChanges


class InputAudioAppend(LiveMessage):
    type: Literal["session.input_audio.append"]
    audio: str


class InputAudioSwitch(LiveMessage):
    type: Literal["session.input_audio.mute", "session.input_audio.unmute"]


class ContextAppend(LiveMessage):
    type: Literal["session.instructions.append", "session.thinking.append", "session.commentary.append"]
    content: str = Field(min_length=1, max_length=LONGEST_APPEND)
    delegation_id: str | None = None


class ResponseItemCreate(LiveMessage):
    type: Literal["response.item.create"]
    item: dict[str, Any]


class ResponseCreate(LiveMessage):
    type: Literal["response.create"]


class SessionClose(LiveMessage):
    type: Literal["session.close"]


ClientMessage = (
    LiveSessionStart
    | SessionUpdate
    | InputAudioAppend
    | InputAudioSwitch
    | ContextAppend
    | ResponseItemCreate
    | ResponseCreate
    | SessionClose
)
_ADAPTER: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])
TAGS = frozenset({"audio/pcm", "audio/pcmu", "audio/pcma", "client", "responses"})  # which pydantic puts into paths
_CODES = {"extra_forbidden": "unknown_parameter", "missing": "missing_required_parameter"}


class LiveFault(BadInput):
    """What is wrong with a client's message: `param` is the path of the field, `code` the kind of fault."""

    def __init__(self, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.param = code, param


def read_message(message: Any) -> ClientMessage:
    """Raises LiveFault."""
    if not isinstance(message, dict):
        raise LiveFault("A message must be a JSON object with a type.", "invalid_json")
    try:
        return _ADAPTER.validate_python(message)
    except ValidationError as error:
        raise _fault(error) from None


def _fault(error: ValidationError) -> LiveFault:
    first = error.errors(include_url=False, include_input=False)[0]
    steps = [str(step) for step in first["loc"]]
    if not steps and first["type"].startswith("union_tag"):
        return LiveFault("There is no message of this type here.", "unknown_event", "type")
    names: list[str] = []
    for step in steps[1:]:  # the first one is the message's type
        if not (names and names[-1] in ("format", "delegation") and step in TAGS):
            names.append(step)
    param = ".".join(names)[:200] or None
    return LiveFault(f"{param or 'The message'}: {first['msg']}.", _CODES.get(first["type"], "invalid_value"), param)
