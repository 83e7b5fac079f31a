"""The stages of one session, what runs in them while it lasts, and what their queues lost."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from dialogue.engine import Engine
from stream.perception.audio_perception import AudioPerception
from stream.perception.caption_transcriber import CaptionTranscriber
from stream.perception.captioning import Captioning
from stream.perception.units.overhearing import Overhearing
from stream.perception.units.unit_feed import UnitFeed
from stream.perception.units.unit_queue import UnitsLost
from stream.perception.video_perception import VideoPerception
from stream.playout.playback import Playback
from stream.recording.flight_recorder import FlightRecorder
from stream.replies.full_duplex import FullDuplex
from stream.replies.reply_controller import ReplyController
from stream.session.delegation_stage import DelegationStage
from stream.session.paced_playout import PacedPlayout
from stream.session.remembering import Remembering
from stream.session.reminder_stage import ReminderStage
from stream.session.session_controls import SessionControls
from stream.session.translation_stage import TranslationStage
from stream.session.watch_stage import WatchStage
from stream.showing.showing_stage import ShowingStage


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The stages of one session. A stage that the engine or the setup does not need is None."""

    engine: Engine
    flight: FlightRecorder
    playback: Playback
    audio: AudioPerception
    video: VideoPerception
    replies: ReplyController | FullDuplex
    controls: SessionControls
    playout: PacedPlayout
    captioning: Captioning | None
    caption_transcriber: CaptionTranscriber | None
    overhearing: Overhearing | None
    reminders: ReminderStage | None
    unit_feed: UnitFeed | None
    remembering: Remembering | None
    delegation: DelegationStage | None
    watching: WatchStage | None
    showing: ShowingStage
    translation: TranslationStage | None

    def work(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs while the session lasts: (name of the task, coroutine)."""
        yield "audio", self.audio.run()
        yield "video", self.video.run()
        yield "replies", self.replies.run()
        yield "controls", self.controls.run()
        yield "playout", self.playout.run()
        yield "commentary", self.controls.commentary.run()
        yield "showing", self.showing.run()
        for name, stage in (
            ("captioning", self.captioning),
            ("caption-transcriber", self.caption_transcriber),
            ("overhearing", self.overhearing),
            ("reminders", self.reminders),
            ("remembering", self.remembering),
            ("delegation", self.delegation),
            ("watching", self.watching),
            ("translation", self.translation),
        ):
            if stage is not None:
                yield name, stage.run()

    def close_queues(self) -> None:
        """What is put into the input queues from now on is dropped."""
        for queue in (self.audio.queue, self.video.queue, self.controls.queue, self.showing.queue):
            queue.close()

    @property
    def dropped(self) -> dict[str, int]:
        """Items lost by queues so far: units and pictures that an engine did not get, sound chunks, camera frames,
        utterances that were not transcribed."""
        lost = self.unit_feed.queue.lost if self.unit_feed is not None else UnitsLost()
        return {
            "units": lost.units,
            "unit_pictures": lost.pictures,
            "sound": self.audio.queue.dropped,
            "pictures": self.video.queue.dropped,
            "utterances": self.caption_transcriber.queue.dropped if self.caption_transcriber is not None else 0,
        }
