"""Says how far the text of a recording can be relied on: measured level, noise and band, and how sure the recogniser was.

`draft` means that about every sixth character or more is likely wrong: for finding a place, not for quoting. Reasons, as codes:
  noise        speech less than 13 dB above what lies between it
  unsure       mean log probability of a token below -0.3
  clipped      more than 2 % of the samples of speech at full scale
  quiet        speech below -65 dBFS: what is left of it are a few steps of the converter
  babble       more than a fifth of what sounded like speech was left out as said by nobody
  narrow-band  nothing above 3.6 kHz (telephone); alone it makes no draft
The limits come from recordings of known text, clean and spoilt (`tests/benchmarks/test_bench_hearing.py`).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from edge_agent.domain.transcript import Quality
from edge_agent.speech.clips import RATE_HZ
from edge_agent.speech.pieces import Piece
from edge_agent.speech.sound import NOTHING, Sound, measured
from edge_agent.speech.windows import Window

NOISE_DB: Final = 13.0
UNSURE: Final = -0.3
CLIPPED: Final = 0.02
QUIET_DB: Final = -65.0
BABBLE: Final = 0.2
NARROW_HZ: Final = 3600
LENIENT: Final = frozenset({"narrow-band"})


class Gauge:
    """Hears of every window of one recording and of what was made of it; `quality` any time."""

    def __init__(self) -> None:
        self._lanes: dict[int, Sound] = {}
        self._logprob = 0.0
        self._letters = 0
        self._kept = 0
        self._left_out = 0

    def add(self, window: Window, found: Sequence[Piece], kept: Sequence[Piece]) -> None:
        """`found`: what the recogniser wrote; `kept`: what of it is in the transcript."""
        kept_samples = _samples(kept)
        self._kept += kept_samples
        self._left_out += _samples(found) - kept_samples
        if kept:
            lane = window.channel
            self._lanes[lane] = self._lanes.get(lane, NOTHING) + measured(window)
        for piece in kept:
            letters = max(1, len(piece.text))
            self._logprob += piece.logprob * letters
            self._letters += letters

    def quality(self) -> Quality:
        """Of the noisiest channel with much speech; an empty recording is no draft."""
        most = max((lane.speech_frames for lane in self._lanes.values()), default=0)
        lanes = [lane for lane in self._lanes.values() if lane.speech_frames * MUCH >= most]
        worst = min(lanes, key=_snr_db, default=NOTHING)
        logprob = self._logprob / self._letters if self._letters else None
        reasons = tuple(self._reasons(worst, max((lane.clipped for lane in lanes), default=0.0), logprob))
        return Quality(
            draft=not LENIENT.issuperset(reasons),
            reasons=reasons,
            snr_db=None if worst.snr_db is None else round(worst.snr_db, 1),
            band_hz=worst.band_hz,
            logprob=None if logprob is None else round(logprob, 3),
            left_out_ms=self._left_out * 1000 // RATE_HZ,
        )

    def _reasons(self, worst: Sound, clipped: float, logprob: float | None) -> Iterable[str]:
        if _snr_db(worst) < NOISE_DB:
            yield "noise"
        if logprob is not None and logprob < UNSURE:
            yield "unsure"
        if clipped > CLIPPED:
            yield "clipped"
        if worst.level_db is not None and worst.level_db < QUIET_DB:
            yield "quiet"
        if self._left_out > BABBLE * (self._left_out + self._kept):
            yield "babble"
        if worst.band_hz is not None and worst.band_hz < NARROW_HZ:
            yield "narrow-band"


MUCH: Final = 10
"""A channel counts if it has at least a tenth of the speech of the fullest one."""


def _snr_db(sound: Sound) -> float:
    return math.inf if sound.snr_db is None else sound.snr_db


def _samples(found: Iterable[Piece]) -> int:
    return sum(piece.end - piece.start for piece in found)
