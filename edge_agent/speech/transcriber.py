"""The recogniser of calls as the pipeline knows it: media in, Transcript out, the same memory for a minute and for four hours.

- `channels` names the speaker of each channel, left first. A named channel is recognised on its own; more channels in the file
  than names are `unknown`; one channel under several names cannot be told apart and is `unknown`.
- Without names the channels are mixed to one, `unknown`.
- Text comes out in simplified characters.

Not here: the model's files (`assets` verifies them; this is given a folder), sealing, tags.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.speech import hearing
from edge_agent.speech.clips import RATE_HZ, Clipper, Samples
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.quality import Gauge
from edge_agent.speech.recogniser import Reading, Recogniser
from edge_agent.speech.sieve import sifted
from edge_agent.speech.turns import utterances
from edge_agent.speech.windows import Packer, Window
from edge_agent.speech.writing import Writing


class WhisperTranscriber:
    """Implements `ports.Transcriber` on a verified model folder. Holds the model; one call at a time.

    `filters` keeps out what nobody said (`guard`, `sieve`); `hearing` hears noisy sound a second time. `progress` is called after
    every decoded block and every recognised batch: hours of one call are many small steps.

    Raises:
        MissingAsset: the folder holds no loadable model.
    """

    def __init__(
        self,
        model_dir: Path,
        *,
        threads: int = 2,
        batch: int = 8,
        limits: Limits | None = None,
        name: str = "",
        digest: str = "",
        progress: Callable[[], None] = lambda: None,
        filters: bool = True,
        hearing: bool = True,
    ) -> None:
        self._recogniser = Recogniser(model_dir, threads=threads)
        self._batch = batch
        self._limits = limits or Limits()
        self._name = name or model_dir.name
        self._digest = digest
        self._progress = progress
        self._writing = Writing()
        self._filters = filters
        self._hearing = hearing

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        """Recognise a seekable stream of any supported container.

        Raises:
            BadInput: what is wrong with the file (`sandbox.faults`).
            Unavailable: this box cannot decode safely.
        """
        began = time.monotonic()
        known = [self._writing.simplified(term) for term in terms]
        heard = _Heard(channels)
        gauge = Gauge()
        found: list[Piece] = []
        waiting: list[Window] = []
        for window in heard.windows(self._watched(sandbox.decode_audio(media, self._limits))):
            waiting.append(window)
            if len(waiting) == self._batch:
                found += self._read(waiting, known, gauge)
                waiting = []
        if waiting:
            found += self._read(waiting, known, gauge)
        duration_ms = heard.samples * 1000 // RATE_HZ
        return Transcript(
            model=self._name,
            model_digest=self._digest,
            duration_ms=duration_ms,
            rtf=round((time.monotonic() - began) * 1000 / max(1, duration_ms), 4),
            utterances=utterances(found, heard.speakers),
            quality=gauge.quality(),
        )

    def _watched(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self._progress()
            yield block

    def _read(self, windows: Sequence[Window], terms: Sequence[str], gauge: Gauge) -> Iterator[Piece]:
        readings = self._readings(windows, terms)
        self._progress()
        for window, reading in zip(windows, readings, strict=True):
            written = [
                dataclasses.replace(piece, text=self._writing(piece.text))
                for piece in pieces(window, reading, terms, honest=self._filters)
            ]
            kept = sifted(window, written, self._again) if self._filters else written
            gauge.add(window, written, kept)
            yield from kept

    def _readings(self, windows: Sequence[Window], terms: Sequence[str]) -> list[Reading]:
        if self._hearing:
            return hearing.heard(windows, lambda sounds: self._recogniser.read(sounds, terms))
        return self._recogniser.read([window.sound for window in windows], terms)

    def _again(self, sound: Samples) -> str:
        """What a sound says, without hints."""
        text = self._writing(self._recogniser.read([sound], ())[0].text)
        self._progress()
        return text


class _Heard:
    """The channels of one recording: windows as they fill, how much was heard, and who speaks where."""

    def __init__(self, named: tuple[Speaker, ...]) -> None:
        self._named = named
        self.samples = 0
        self.speakers: tuple[Speaker, ...] = ()

    def windows(self, blocks: Iterator[Samples]) -> Iterator[Window]:
        clippers: list[Clipper] = []
        packers: list[Packer] = []
        for block in blocks:
            lanes = self._lanes(block)
            if not clippers:
                clippers = [Clipper() for _ in lanes]
                packers = [Packer(channel) for channel in range(len(lanes))]
            self.samples += block.shape[1]
            for clipper, packer, lane in zip(clippers, packers, lanes, strict=True):
                for clip in clipper.push(lane):
                    yield from packer.add(clip)
        for clipper, packer in zip(clippers, packers, strict=True):
            for clip in clipper.flush():
                yield from packer.add(clip)
            yield from packer.flush()

    def _lanes(self, block: Samples) -> Samples:
        """(lanes, n): the channels to recognise one by one."""
        count = block.shape[0]
        if count == 1 or not self._named:
            self.speakers = (self._named[0] if len(self._named) == 1 else Speaker.UNKNOWN,)
            return block if count == 1 else np.mean(block, axis=0, keepdims=True)
        padding = (Speaker.UNKNOWN,) * count
        self.speakers = (self._named + padding)[:count]
        return block
