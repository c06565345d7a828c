"""The floor engine: a video and a plan in, a suppressed score, states for the event models and a heat map out.

`FloorEngine` implements `ports.FloorScorer`. Frames come at a low pace from the limited child of `edge_agent.sandbox`; what they
show is reduced to counts before the next one is asked for. No frame of the video is in the picture that comes out.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import BinaryIO, Final, Protocol

import cv2

from edge_agent.config import Limits
from edge_agent.domain.floor import FloorPlan
from edge_agent.errors import BadConfig, BadInput
from edge_agent.ports import FloorFindings
from edge_agent.sandbox import decode_frames, decode_picture
from edge_agent.shelf.floor import heat, suppress
from edge_agent.shelf.floor.cover import covered
from edge_agent.shelf.floor.grid import Counts, counted
from edge_agent.shelf.floor.people.detector import People
from edge_agent.shelf.floor.states import observations
from edge_agent.shelf.floor.tally import HOLD_MS, Sample, tally
from edge_agent.shelf.floor.watch import View, Watch
from edge_agent.shelf.setup.bay import Decode, Picture

EVERY_MS: Final = 1000
"""One frame a second: people who walk a metre a second are seen about twice in each pair of cells."""


class Frame(Protocol):
    """One picture of a video: when, and RGB uint8 (height, width, 3)."""

    @property
    def at_ms(self) -> int: ...

    @property
    def rgb(self) -> Picture: ...


class Watched:
    """The samples of one recording and how many frames it took."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.searched = 0

    @property
    def duration_ms(self) -> int:
        """To the last frame; where that came at the usual beat, so that it may not be the film's end, a beat longer."""
        times = [one.at_ms for one in self.samples]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        beat = min(HOLD_MS, sorted(gaps)[len(gaps) // 2] if gaps else EVERY_MS)
        return times[-1] + (beat if not gaps or gaps[-1] > 0.9 * beat else 0) if times else 0


class FloorEngine:
    """Scores videos of fixed floor cameras.

    `people` finds people in a picture, `model_digest` names its weights. `decode` and `frames` default to the sandbox;
    `progress` is called after every frame.
    """

    def __init__(
        self,
        *,
        people: People,
        model_digest: str,
        threads: int = 1,
        limits: Limits | None = None,
        decode: Decode | None = None,
        frames: Callable[[BinaryIO], Iterable[Frame]] | None = None,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        bounds = limits or Limits()
        self._people = people
        self._model_digest = model_digest
        self._decode: Decode = decode or partial(decode_picture, limits=bounds)
        self._frames = frames or partial(decode_frames, limits=bounds, every_ms=EVERY_MS)
        self._progress = progress
        self._learnt: tuple[str, Picture, Watch] | None = None
        cv2.setNumThreads(threads)

    def score(self, video: BinaryIO, plan: FloorPlan, began_at: datetime) -> FloorFindings:
        """Score one seekable video that began at `began_at` (aware; its zone is the store's, in which the plan's hours are).

        Raises:
            BadInput: the video cannot be used. BadConfig: the plan's photo cannot.
        """
        reference, _ = self._learn(plan)
        watched = self.watch(video, plan)
        sums = tally(watched.samples, watched.duration_ms, len(plan.zones))
        score = suppress.score(
            plan, sums, model_digest=self._model_digest, frames_seen=len(watched.samples), frames_searched=watched.searched
        )
        return FloorFindings(
            score=score, picture=heat.png(plan, score, reference), observations=observations(plan, sums.held, began_at)
        )

    def watch(self, video: BinaryIO, plan: FloorPlan) -> Watched:
        """The counts of one video over time: not suppressed, so they stay in memory and go only to those who add them up."""
        _, watch = self._learn(plan)
        watch.begin()
        video.seek(0)
        watched, last = Watched(), Sample(at_ms=0, view=View.CLEAR, counts=Counts(people=0, zones=(), cells=()))
        for frame in self._frames(video):
            self._progress()
            if watch.changed(frame.rgb, frame.at_ms):
                watched.searched += 1
                last = self._search(watch, frame, plan)
            watched.samples.append(Sample(at_ms=frame.at_ms, view=last.view, counts=last.counts, match=last.match))
        return watched

    def _search(self, watch: Watch, frame: Frame, plan: FloorPlan) -> Sample:
        """One frame as counts; its boxes end here."""
        boxes = self._people(frame.rgb)
        look = watch.look(frame.rgb, boxes)
        counts = counted(plan, [one.foot for one in boxes]) if look.view is View.CLEAR else None
        return Sample(at_ms=frame.at_ms, view=look.view, counts=counts, match=look.match)

    def _learn(self, plan: FloorPlan) -> tuple[Picture, Watch]:
        """The reference photo without anybody in it, and what watches against it; kept for the plan last used."""
        if self._learnt is None or self._learnt[0] != plan.digest:
            photo = self._reference(plan)
            self._learnt = plan.digest, covered(photo, self._people(photo)), Watch(photo)
        return self._learnt[1:]

    def _reference(self, plan: FloorPlan) -> Picture:
        """The plan's photo. BadConfig, not BadInput: that would be held against the video."""
        try:
            with plan.reference.open("rb") as file:
                return self._decode(file)
        except BadInput as error:
            raise BadConfig(
                f"the reference photo of the floor plan cannot be used ({error.kind})", remedy="replace it"
            ) from error
        except OSError as error:
            raise BadConfig("the reference photo of the floor plan cannot be read", remedy="restore the plan's folder") from error
