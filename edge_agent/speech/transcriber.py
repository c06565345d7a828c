"""The recogniser of calls as the pipeline knows it: media in, Transcript out, the same memory for a minute and for four hours.

- `channels` names the speaker of each channel, left first; what they mean for the file at hand is told in `lanes`.
- Text comes out in simplified characters.

Not here: the model's files (`assets` verifies them; this is given a folder), sealing, tags.
"""

import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.speech import hearing
from edge_agent.speech.clips import RATE_HZ, Samples
from edge_agent.speech.lanes import Ear, Lanes
from edge_agent.speech.memory import fitting, give_back, keep_freed, shape_of
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.quality import Gauge
from edge_agent.speech.readers import Readers
from edge_agent.speech.recogniser import Reading, Recogniser
from edge_agent.speech.sieve import Crowd, sifted
from edge_agent.speech.skipped import Part, in_parts
from edge_agent.speech.trade import Trade
from edge_agent.speech.windows import Window
from edge_agent.speech.writing import Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """Pieces of one window: as recognised, without what nobody said, and with the terms that were said."""

    written: list[Piece]
    kept: list[Piece]
    told: list[Piece]


class WhisperTranscriber:
    """Implements `ports.Transcriber` on a verified model folder. Holds the model; one call at a time. `ear` tells voices apart.

    `hints` and `recovery` listen for the terms given (`trade`), `filters` keeps out what nobody said (`guard`, `sieve`),
    `hearing` hears noisy sound a second time; what was passed over (`skipped`) is read again in any case. `progress` is called
    after every decoded block and every recognised batch: hours of one call are many small steps, and it may wait. `position`
    hears how many ms are understood, and of how many: an estimate from the bytes read so far, or None.

    Up to `workers` batches of `batch` windows are read at once, sharing `threads`; fewer where `memory_bytes` asks for it.

    Raises:
        MissingAsset: the folder holds no loadable model. BadConfig: it cannot run in so little memory.
    """

    def __init__(
        self,
        model_dir: Path,
        *,
        threads: int = 2,
        workers: int = 2,
        batch: int = 3,
        memory_bytes: int | None = None,
        limits: Limits | None = None,
        name: str = "",
        digest: str = "",
        progress: Callable[[], None] = lambda: None,
        position: Callable[[int, int | None], None] = lambda _done, _total: None,
        hints: bool = True,
        recovery: bool = True,
        filters: bool = True,
        hearing: bool = True,
        ear: Ear | None = None,
    ) -> None:
        if memory_bytes is not None:
            workers, batch = fitting(shape_of(model_dir), workers=workers, batch=batch, memory_bytes=memory_bytes)
        keep_freed()
        self._recogniser = Recogniser(model_dir, threads=max(1, threads // workers), workers=workers)
        self._workers = workers
        self._batch = batch
        self._limits = limits or Limits()
        self._name = name or model_dir.name
        self._digest = digest
        self._progress = progress
        self._position = position
        self._writing = Writing()
        self._hints = hints
        self._recovery = recovery
        self._filters = filters
        self._hearing = hearing
        self._held_s = 0.0
        self._ear = ear or Ear()

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        """Recognise a seekable stream of any supported container.

        Raises:
            BadInput: what is wrong with the file (`sandbox.faults`).
            Unavailable: this box cannot decode safely.
        """
        began, self._held_s = time.monotonic(), 0.0
        known = [self._writing.simplified(term) for term in terms]
        trade = Trade(self._recogniser, self._writing, known, hints=self._hints, recovery=self._recovery, honest=self._filters)
        heard = Lanes(channels, self._ear)
        readers = Readers(
            lambda windows: self._read(windows, trade), workers=self._workers, batch=self._batch, between=self._step
        )  # fmt: skip
        gauge, crowd = Gauge(), Crowd()
        found: list[Piece] = []
        decoded = _Counted(media, sandbox.decode_audio(media, self._limits))
        for window, said in readers.over(heard.windows(self._watched(decoded.blocks()))):
            self._position(window.clips[-1].end * 1000 // RATE_HZ, decoded.length_ms)
            if self._filters and crowd.holds(window, said.written, said.kept):
                said = _Said(written=said.written, kept=[], told=[])  # noqa: PLW2901 - of this window nothing more is wanted
            gauge.add(window, said.written, said.kept)
            found += said.told
        duration_ms = heard.samples * 1000 // RATE_HZ
        spoken, separation = heard.utterances(found)
        self._position(duration_ms, duration_ms)
        give_back()
        return Transcript(
            model=self._name,
            model_digest=self._digest,
            duration_ms=duration_ms,
            rtf=round((time.monotonic() - began - self._held_s) * 1000 / max(1, duration_ms), 4),
            utterances=spoken,
            quality=gauge.quality(),
            separation=separation,
        )

    def _watched(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self._step()
            yield block

    def _read(self, windows: Sequence[Window], trade: Trade) -> list[_Said]:
        """By one of several threads."""
        read = in_parts(windows, self._parts)
        parts = [part for own in read for part in own]
        written = [part.written for part in parts]
        kept = written
        if self._filters:
            kept = [sifted(part.window, part.written, self._again) for part in parts]
        told: list[list[Piece]] = []
        for at in range(0, len(parts), len(windows)):  # no more at once than was given: it is what memory was reckoned for
            some = parts[at : at + len(windows)]
            told += trade([part.window for part in some], [part.reading for part in some], kept[at : at + len(windows)])
        said = iter([_Said(written=w, kept=k, told=t) for w, k, t in zip(written, kept, told, strict=True)])
        return [_together(list(islice(said, len(own)))) for own in read]

    def _parts(self, windows: Sequence[Window]) -> list[Part]:
        return [
            Part(window=window, reading=reading, written=self._written(pieces(window, reading, honest=self._filters)))
            for window, reading in zip(windows, self._readings(windows), strict=True)
        ]

    def _written(self, found: Iterable[Piece]) -> list[Piece]:
        return [dataclasses.replace(piece, text=self._writing(piece.text)) for piece in found]

    def _readings(self, windows: Sequence[Window]) -> list[Reading]:
        if self._hearing:
            return hearing.heard(windows, lambda sounds: self._recogniser.read(sounds, ()))
        return self._recogniser.read([window.sound for window in windows], ())

    def _again(self, sound: Samples) -> str:
        return self._writing(self._recogniser.read([sound], ())[0].text)

    def _step(self) -> None:
        """Say that something was done. Who hears it may hold us up, and that is not our time."""
        began = time.monotonic()
        self._progress()
        self._held_s += time.monotonic() - began


def _together(parts: Sequence[_Said]) -> _Said:
    """The parts of one window, in order of time."""
    if len(parts) == 1:
        return parts[0]
    written, kept, told = (
        sorted(chain.from_iterable(found), key=lambda piece: piece.start)
        for found in zip(*((part.written, part.kept, part.told) for part in parts), strict=True)
    )
    return _Said(written=written, kept=kept, told=told)


class _Counted:
    """Blocks as they pass, and about how long the recording is, told from how far into the file they reach."""

    def __init__(self, media: BinaryIO, blocks: Iterator[Samples]) -> None:
        self._media, self._blocks = media, blocks
        self._samples, self._reached = 0, 0.0

    @property
    def length_ms(self) -> int | None:
        return int(self._samples / self._reached * 1000 / RATE_HZ) if self._reached else None

    def blocks(self) -> Iterator[Samples]:
        for block in self._blocks:
            self._samples += block.shape[1]
            at, size = self._media.tell(), self._media.seek(0, os.SEEK_END)  # the decoder seeks before it reads again
            self._reached = at / size if at < size else 0.0  # read whole before it is decoded: says nothing
            yield block
        self._reached = 1.0
