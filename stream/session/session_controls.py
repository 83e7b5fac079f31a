"""Stage: applies the user's controls: keys, switches, typed messages, lost devices."""

from __future__ import annotations

from typing import assert_never

from dialogue.engine import AdapterSwitch
from dialogue.errors import BadInput
from dialogue.watching.watch_talk import UNABLE
from stream.languages.spoken_language import SpokenLanguage
from stream.perception.audio_perception import AudioPerception
from stream.perception.video_perception import VideoPerception
from stream.replies.acknowledgements import Acknowledgements
from stream.replies.delegation_desk import DelegationDesk
from stream.replies.interpreter import Interpreter
from stream.replies.orders import InstructionSet, Order
from stream.replies.watch_book import WatchBook
from stream.runtime.adapting import AdapterChosen, AdapterInUse
from stream.runtime.events import (
    Device,
    DeviceLost,
    DeviceStopped,
    DeviceSwitched,
    Interrupted,
    Notice,
    PlayoutMeasured,
    TalkKeyPressed,
    TextTyped,
)
from stream.runtime.given import (
    AcknowledgementSwitched,
    AnswerAsked,
    CommentaryGiven,
    Given,
    InstructionGiven,
    PictureDetailChosen,
    ReplyTruncated,
    TurnsChosen,
)
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue, DropOldest
from stream.runtime.spoken import LanguageChosen, LanguageControl, SpeakerChosen
from stream.runtime.translating import TranslationSwitched
from stream.runtime.watching import NarrationSwitched, WatchControl, WatchDeleted
from stream.session.commentary_stage import CommentaryStage
from stream.session.floor import Floor
from stream.turns.decisions import TypedQuestion
from stream.turns.events import HandsFreeSwitched, InterruptPressed, MessageTyped, MicrophoneOff, TalkKeyMoved

Control = (
    TalkKeyPressed
    | DeviceSwitched
    | Interrupted
    | Given
    | PlayoutMeasured
    | WatchControl
    | LanguageControl
    | DeviceLost
    | TextTyped
)

CONTROL_QUEUE_SIZE = 64

# Characters of a typed message: fits the smallest context.
LONGEST_MESSAGE = 2000


class SessionControls:
    """Applies the controls of one session."""

    def __init__(
        self,
        *,
        floor: Floor,
        audio: AudioPerception,
        video: VideoPerception,
        link: Link,
        orders: BlockingQueue[Order],
        watches: WatchBook,
        desk: DelegationDesk | None = None,
        language: SpokenLanguage | None = None,
        interpreter: Interpreter | None = None,
        acknowledgements: Acknowledgements | None = None,
        adapters: AdapterSwitch | None = None,
    ) -> None:
        self._floor, self._audio, self._video, self._link = floor, audio, video, link
        self._orders, self.commentary = orders, CommentaryStage(floor=floor, link=link)
        self._watches = watches
        self._desk = desk  # where questions are passed on to a larger model
        self._language, self._interpreter = language, interpreter  # None where the engine hears and speaks
        self._acknowledgements = acknowledgements  # where replies have them
        self._adapters = adapters  # where the engine switches them
        self.queue: DropOldest[Control] = DropOldest(CONTROL_QUEUE_SIZE)

    async def run(self) -> None:
        """Runs until the queue is closed."""
        if self._adapters is not None and self._adapters.names:
            self._link.emit(AdapterInUse(self._adapters.names, self._adapters.name))
        while True:
            await self._apply(await self.queue.get())

    async def _apply(self, control: Control) -> None:
        floor = self._floor
        match control:
            case TextTyped(text):
                await self._type(text)
            case TalkKeyPressed(down):
                await floor.take(TalkKeyMoved(down, floor.sound.end_s))
            case Interrupted():
                if not await floor.take(InterruptPressed()) and self._desk is not None:
                    self._desk.cancel()  # nothing was being said: what is being looked into is not wanted
            case InstructionGiven() | CommentaryGiven() | TurnsChosen() | AnswerAsked() | ReplyTruncated():
                await self._give(control)
            case DeviceSwitched():
                await self._switch(control)
            case PlayoutMeasured():
                floor.measured(control)
            case NarrationSwitched() | WatchDeleted():
                self._watch(control)
            case LanguageChosen() | SpeakerChosen() | TranslationSwitched() | AcknowledgementSwitched():
                self._speak(control)
            case PictureDetailChosen() | AdapterChosen():
                self._set_model(control)
            case DeviceLost(device, reason):
                await self._switch(_off(device))
                self._link.emit(
                    Notice(
                        "warning", f"{device}_lost", f"The {device} is gone ({reason}). The call goes on without it."
                    )
                )
            case _:
                assert_never(control)

    async def _give(
        self, given: InstructionGiven | CommentaryGiven | TurnsChosen | AnswerAsked | ReplyTruncated
    ) -> None:
        match given:
            case InstructionGiven(text):
                await self._orders.put(InstructionSet(text))
            case CommentaryGiven(text):
                self.commentary.queue.put(text)
            case TurnsChosen():
                turns = self._floor.turns
                turns.patience.fixed_s, turns.patience.eagerness = given.silence_s, given.eagerness
                turns.interruptible, turns.answers = given.interruptible, given.answers
                self._floor.sound.pre_roll_s, self._audio.threshold = given.pre_roll_s, given.threshold
            case AnswerAsked():
                self.commentary.queue.put(None)
            case ReplyTruncated():
                await self._floor.truncated(given)

    async def switch_off(self, device: Device) -> None:
        """Switches a device off for the assistant (`dialogue.tools.toolbox.Toolbox.switch_off`)."""
        self.queue.put(_off(device))
        self._link.emit(DeviceStopped(device))

    def _watch(self, control: WatchControl) -> None:
        if isinstance(control, WatchDeleted):
            self._watches.delete(control.number)
        elif control.on and not self._watches.possible:
            self._link.emit(Notice("info", "no_narration", UNABLE))
        else:
            self._watches.switch(control.on)

    def _speak(self, control: LanguageControl | AcknowledgementSwitched) -> None:
        """Without effect where the engine hears and speaks by itself."""
        match control:
            case AcknowledgementSwitched(on):
                if self._acknowledgements is not None:
                    self._acknowledgements.on = on
            case LanguageChosen(code):
                if self._language is not None:
                    self._language.choose(code)
            case SpeakerChosen(name):
                if self._language is not None:
                    self._language.speak_as(name)
            case TranslationSwitched(mode, mine):
                if self._interpreter is not None and (unable := self._interpreter.switch(mode, mine)) is not None:
                    self._link.emit(Notice("warning", "no_translation", unable))

    def _set_model(self, control: PictureDetailChosen | AdapterChosen) -> None:
        if isinstance(control, PictureDetailChosen):
            self._video.detail.level = control.level
        elif self._adapters is None:
            self._link.emit(Notice("info", "no_adapters", "This model has no adapters to switch in a call."))
        else:
            try:
                self._adapters.use(control.name)
            except BadInput as error:
                self._link.emit(Notice("warning", "no_adapters", str(error)))
            self._link.emit(AdapterInUse(self._adapters.names, self._adapters.name))

    async def _type(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if len(text) > LONGEST_MESSAGE:
            self._link.emit(
                Notice(
                    "error",
                    "too_long",
                    f"That message has {len(text):,} characters; at most {LONGEST_MESSAGE:,} fit. Please shorten it.",
                )
            )
            return
        await self._floor.take(MessageTyped(TypedQuestion(text, self._link.now())))

    async def _switch(self, switched: DeviceSwitched) -> None:
        floor = self._floor
        if switched.camera is not None:
            self._video.switch(switched.camera)
        if switched.hands_free is not None:
            await floor.take(HandsFreeSwitched(switched.hands_free))
        if switched.microphone is not None:
            self._audio.switch(switched.microphone)
            if not switched.microphone:
                await floor.take(MicrophoneOff())


def _off(device: Device) -> DeviceSwitched:
    return DeviceSwitched(microphone=False) if device == "microphone" else DeviceSwitched(camera=False)
