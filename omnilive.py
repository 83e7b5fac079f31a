"""omnilive: an assistant that sees, hears and talks, on your own machine. The public Python API.

    from omnilive import Assistant

    with Assistant() as assistant:
        print(assistant.describe_image("desk.jpg"))
        print(assistant.answer_audio("question.wav"))
        print(assistant.chat([{"role": "user", "content": [Path("sign.jpg"), "What does the sign say?"]}]))

    assistant = Assistant.from_pretrained("openbmb/MiniCPM-o-2_6", quantize="int4")
    for piece in assistant.chat(history, stream=True):
        print(piece, end="", flush=True)
    with assistant.live() as call:
        call.see("desk.jpg")
        print(call.ask("What is on the desk?"))

Every method that answers has an asynchronous twin: `await assistant.achat(history)`. The calls of MiniCPM-o's own
demo work too: `describe_image(path)`, `answer_audio_question(path, question)`, `multimodal_chat(items)`.
Command line: `omnilive --help`.
"""

from __future__ import annotations

import sys

from dialogue.errors import AssistantError, BadInput, Busy, EngineLost
from dialogue.tools.tool import Tool
from stream.models.setup import Setup
from stream.models.weights import WeightsError
from stream.runtime.adapting import AdapterInUse
from stream.runtime.events import (
    ConsentAsked,
    ContextShown,
    DelegationChanged,
    DeviceStopped,
    Notice,
    ReplyEnded,
    ReplyHeard,
    ReplyText,
    SceneSeen,
    SessionEnded,
    State,
    StateChanged,
    TurnRecorded,
    TurnTimed,
    UnitDecided,
    UserCaption,
    Why,
)
from stream.runtime.origins import ReplyCited, ReplyRecalled
from stream.runtime.shown import PictureDrawn, ShownChanged
from stream.runtime.spoken import LanguageChanged, VoiceDucked
from stream.runtime.translating import Translated, TranslationChanged
from stream.runtime.watching import WatchingChanged
from ui.api.assistant import Assistant
from ui.api.call_events import CallEvent, Voiced
from ui.command_line import main
from ui.host.version import product_version

__all__ = [
    "AdapterInUse",
    "Assistant",
    "AssistantError",
    "BadInput",
    "Busy",
    "CallEvent",
    "ConsentAsked",
    "ContextShown",
    "DelegationChanged",
    "DeviceStopped",
    "EngineLost",
    "LanguageChanged",
    "Notice",
    "PictureDrawn",
    "ReplyCited",
    "ReplyEnded",
    "ReplyHeard",
    "ReplyRecalled",
    "ReplyText",
    "SceneSeen",
    "SessionEnded",
    "Setup",
    "ShownChanged",
    "State",
    "StateChanged",
    "Tool",
    "Translated",
    "TranslationChanged",
    "TurnRecorded",
    "TurnTimed",
    "UnitDecided",
    "UserCaption",
    "VoiceDucked",
    "Voiced",
    "WatchingChanged",
    "WeightsError",
    "Why",
    "main",
]
__version__ = product_version()

if __name__ == "__main__":
    sys.exit(main())
