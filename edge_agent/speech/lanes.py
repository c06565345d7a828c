"""The channels of one recording: what is recognised one by one, and who speaks on each.

- A named channel is a lane of its own; more channels in the file than names are `unknown`. Echoes of another lane are dropped.
- Without names the channels are mixed to one lane. Channels that hold the same sound are one lane as well, whatever their names:
  the first ten seconds of sound in the first minute decide.
- On one lane that is not one person's, voices are told apart (`voices`), and named if what they say shows whose they are
  (`naming`); each then counts as a channel. Switched off or without its weights, everything there is `unknown`.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.domain.transcript import Separation, Speaker, Utterance, Way
from edge_agent.speech.clips import RATE_HZ, Clip, Clipper, Samples
from edge_agent.speech.crosstalk import Recent, same_sound
from edge_agent.speech.naming import named
from edge_agent.speech.pieces import Piece
from edge_agent.speech.turns import utterances
from edge_agent.speech.voices import NOBODY, Encoder, Voices
from edge_agent.speech.windows import Packer, Window

DECIDED: Final = 10 * RATE_HZ
UNDECIDED: Final = 60 * RATE_HZ
BOTH: Final = frozenset({Speaker.REP, Speaker.CUSTOMER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """What tells voices apart; `encoder` is None with the `reason` why not."""

    encoder: Encoder | None = None
    reason: str = "switched-off"


class Lanes:
    """One recording: its windows as they fill, then its utterances with their speakers."""

    def __init__(self, named_channels: tuple[Speaker, ...], ear: Ear) -> None:
        self._named = named_channels
        self._ear = ear
        self._voices: Voices | None = None
        self._speakers: tuple[Speaker, ...] = ()
        self._same = False
        self.samples = 0

    def windows(self, blocks: Iterator[Samples]) -> Iterator[Window]:
        clippers: list[Clipper] = []
        packers: list[Packer] = []
        recent: Recent | None = None
        for block in self._as_one(blocks):
            if not clippers:
                clippers = [Clipper() for _ in block]
                packers = [Packer(channel) for channel in range(len(block))]
                recent = Recent(len(block)) if len(block) > 1 else None
                self._begin(len(block))
            self.samples += block.shape[1]
            if recent is not None:
                recent.add(block)
            for channel, lane in enumerate(block):
                for clip in self._heard(list(clippers[channel].push(lane)), channel, recent):
                    yield from packers[channel].add(clip)
        for channel, clipper in enumerate(clippers):
            for clip in self._heard(list(clipper.flush()), channel, recent):
                yield from packers[channel].add(clip)
            yield from packers[channel].flush()

    def _as_one(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """(lanes, n) blocks: one lane when the channels have no names or hold the same, else one per channel."""
        waiting: list[Samples] = []
        sound = length = 0
        for block in blocks:
            if length < UNDECIDED and len(block) > 1 and self._named:
                waiting.append(block)
                same = same_sound(block)
                length += block.shape[1]
                sound += 0 if same is None else block.shape[1]
                self._same = bool(sound) and same is not False
                if same is not False and sound < DECIDED and length < UNDECIDED:
                    continue
                length = UNDECIDED
                yield from map(self._lanes, waiting)
                waiting = []
            else:
                yield self._lanes(block)
        yield from map(self._lanes, waiting)

    def _lanes(self, block: Samples) -> Samples:
        if len(block) == 1:
            return block
        return np.mean(block, axis=0, keepdims=True) if self._same or not self._named else block

    def _begin(self, lanes: int) -> None:
        if lanes > 1:
            self._speakers = (self._named + (Speaker.UNKNOWN,) * lanes)[:lanes]
            return
        self._speakers = (self._named[0] if len(self._named) == 1 else Speaker.UNKNOWN,)
        if self._speakers[0] is Speaker.UNKNOWN and self._ear.encoder is not None:
            self._voices = Voices(self._ear.encoder)

    def _heard(self, clips: Sequence[Clip], channel: int, recent: Recent | None) -> Sequence[Clip]:
        if recent is not None:
            return [own for clip in clips if (own := recent.own(clip, channel)) is not None]
        return self._voices.hear(clips) if self._voices is not None else clips

    def utterances(self, found: Sequence[Piece]) -> tuple[tuple[Utterance, ...], Separation]:
        """Who said what, and how that was told. Call it once, after the last window."""
        if self._voices is None:
            way = Way.NONE if set(self._speakers) <= {Speaker.UNKNOWN} else Way.CHANNELS
            reason = "" if way is Way.CHANNELS or len(self._speakers) > 1 else self._ear.reason
            return utterances(found, self._speakers), Separation(way=way, reason=reason, same_sound=self._same)
        told = self._voices.tell()
        owned = [dataclasses.replace(piece, channel=told.voice.get(piece.start, NOBODY)) for piece in found]
        said = {voice: "。".join(piece.text for piece in owned if piece.channel == voice) for voice in range(1, told.count + 1)}
        names = named(said, told.seconds, these_two=len(self._named) == len(BOTH) and set(self._named) == BOTH)
        speakers = [names.get(voice, Speaker.UNKNOWN) for voice in range(told.count + 1)]
        reason = "" if names else {0: "no-speech", 1: "one-voice"}.get(told.count, "no-evidence")
        return (
            utterances(owned, speakers, voices=range(told.count + 1)),
            Separation(way=Way.VOICES, voices=told.count, reason=reason, same_sound=self._same),
        )
