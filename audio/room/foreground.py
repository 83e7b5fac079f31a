"""Distinguishes the person who talks with us from the room behind, by level.

A VAD is right to take babble and a television for speech. The person at the microphone is nearer, so speech counts only
where it is about as loud as that person was, and, where speech never stops, where it stands out of the least level of
the last seconds. Words end quietly, 10 dB and more below a sentence's loudest second: where nobody else was heard
lately, the talker goes on at any level. Pure: time is counted in hops.
"""

from __future__ import annotations

from collections import deque

import numpy as np

SYLLABLE_HOPS, WORD_HOPS = 4, 8  # 128 and 256 ms, over which levels are averaged
FLOOR_HOPS, FEWEST_FLOOR_HOPS = 94, 31  # 3 s: nobody speaks so long without a gap of a syllable; from 1 s on
NEVER_STOPS = 0.8  # share of speech in them
ABOVE_FLOOR_DB, ABOVE_FLOOR_UNKNOWN_DB = 8.0, 12.0  # once the talker's level is known, and before
BELOW_TALKER_DB, BELOW_TALKER_IN_ECHO_DB = 7.0, 12.0  # echo cancellation takes some of the talker away
TALKER_HOPS, FEWEST_TALKER_HOPS = 31, 16  # of speech that counted: a second, from half a second on
GOES_ON_HOPS = 16  # half a second after the talker was heard
VOICES_BEHIND = 0.2  # share of speech in the last 3 s without the talker from which others are in the room
FORGOTTEN_DB = 0.001  # per hop without speech, 2 dB a minute
WAITED_HOPS = 47  # 1.5 s: the talker waits for an answer; people behind and a television go on
NOTHING = 1e-12


class Foreground:
    """One microphone: hops of 32 ms with their levels in dBFS."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque(maxlen=WORD_HOPS)
        self._floor: deque[float] = deque(maxlen=FLOOR_HOPS)
        self._speech: deque[bool] = deque(maxlen=FLOOR_HOPS)
        self._near: deque[float] = deque(maxlen=TALKER_HOPS)
        self._quieter: deque[float] = deque(maxlen=TALKER_HOPS)  # speech that did not count, and
        self._waited = 0  # the silence after it
        self._behind: deque[bool] = deque(maxlen=FLOOR_HOPS)  # speech while the talker is silent
        self._since_near = GOES_ON_HOPS + 1
        self.talker_dbfs: float | None = None  # how loud the person who talks with us is

    def stands_out(self, level_dbfs: float, speech: bool, *, in_echo: bool = False) -> bool:
        """Whether the next hop is speech of the person who talks with us. `in_echo`: while our own voice is heard."""
        self._powers.append(10 ** (level_dbfs / 10))
        self._floor.append(_mean_dbfs(list(self._powers)[-SYLLABLE_HOPS:]))
        self._speech.append(speech)
        if not speech:
            self._forget()
        near = speech and self._above_floor() and (self._goes_on() or self._as_loud_as_the_talker(in_echo))
        self._since_near = 0 if near else self._since_near + 1
        if self._since_near > GOES_ON_HOPS:
            self._behind.append(speech)
        self._waited = 0 if speech else self._waited + 1
        if near and not in_echo:
            self._learn()
        elif speech and not near:
            self._quieter.append(self._powers[-1])
        elif self._waited == WAITED_HOPS:
            self._believe_the_quieter()
        return near

    def _above_floor(self) -> bool:
        if len(self._speech) < FEWEST_FLOOR_HOPS or sum(self._speech) < NEVER_STOPS * len(self._speech):
            return True
        above_db = ABOVE_FLOOR_UNKNOWN_DB if self.talker_dbfs is None else ABOVE_FLOOR_DB
        return self._floor[-1] >= min(self._floor) + above_db

    def _goes_on(self) -> bool:
        return self._since_near < GOES_ON_HOPS and sum(self._behind) < VOICES_BEHIND * FLOOR_HOPS

    def _as_loud_as_the_talker(self, in_echo: bool) -> bool:
        below_db = BELOW_TALKER_IN_ECHO_DB if in_echo else BELOW_TALKER_DB
        return self.talker_dbfs is None or _mean_dbfs(self._powers) >= self.talker_dbfs - below_db

    def _forget(self) -> None:
        if self._near:
            self._near.popleft()
        if self.talker_dbfs is not None:
            self.talker_dbfs -= FORGOTTEN_DB

    def _believe_the_quieter(self) -> None:
        """Somebody spoke, was not heard, and waits: the talker, who moved away, or was loud only once."""
        if len(self._quieter) >= FEWEST_TALKER_HOPS:
            self.talker_dbfs = _mean_dbfs(self._quieter)
            self._near.clear()
        self._quieter.clear()

    def _learn(self) -> None:
        self._quieter.clear()
        self._near.append(self._powers[-1])
        if len(self._near) >= FEWEST_TALKER_HOPS:
            level = _mean_dbfs(self._near)
            self.talker_dbfs = level if self.talker_dbfs is None else max(self.talker_dbfs, level)


def _mean_dbfs(powers: deque[float] | list[float]) -> float:
    return 10 * float(np.log10(np.mean(powers) + NOTHING))
