"""The recogniser of calls as the pipeline knows it: media in, Transcript out, the same memory for a minute and for four hours.

- `channels` names the speaker of each channel, left first; what they mean for the file at hand is told in `lanes`.
- Text comes out in simplified characters.

Not here: the model's files (`assets` verifies them; this is given a folder), sealing, tags.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.lanes import Ear, Lanes
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.recogniser import Recogniser
from edge_agent.speech.windows import Window
from edge_agent.speech.writing import Writing


class WhisperTranscriber:
    """Implements `ports.Transcriber` on a verified model folder. Holds the model; one call at a time. `ear` tells voices apart.

    `progress` is called after every decoded block and every recognised batch: hours of one call are many small steps.

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
        ear: Ear | None = None,
    ) -> None:
        self._recogniser = Recogniser(model_dir, threads=threads)
        self._batch = batch
        self._limits = limits or Limits()
        self._name = name or model_dir.name
        self._digest = digest
        self._progress = progress
        self._writing = Writing()
        self._ear = ear or Ear()

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        """Recognise a seekable stream of any supported container.

        Raises:
            BadInput: what is wrong with the file (`sandbox.faults`).
            Unavailable: this box cannot decode safely.
        """
        began = time.monotonic()
        known = [self._writing.simplified(term) for term in terms]
        heard = Lanes(channels, self._ear)
        found: list[Piece] = []
        waiting: list[Window] = []
        for window in heard.windows(self._watched(sandbox.decode_audio(media, self._limits))):
            waiting.append(window)
            if len(waiting) == self._batch:
                found += self._read(waiting, known)
                waiting = []
        if waiting:
            found += self._read(waiting, known)
        duration_ms = heard.samples * 1000 // RATE_HZ
        said, separation = heard.utterances(found)
        return Transcript(
            model=self._name,
            model_digest=self._digest,
            duration_ms=duration_ms,
            rtf=round((time.monotonic() - began) * 1000 / max(1, duration_ms), 4),
            utterances=said,
            separation=separation,
        )

    def _watched(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self._progress()
            yield block

    def _read(self, windows: Sequence[Window], terms: Sequence[str]) -> Iterator[Piece]:
        readings = self._recogniser.read([window.sound for window in windows], terms)
        self._progress()
        for window, reading in zip(windows, readings, strict=True):
            for piece in pieces(window, reading, terms):
                yield dataclasses.replace(piece, text=self._writing(piece.text))
