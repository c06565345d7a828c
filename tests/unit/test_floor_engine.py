"""The floor's way from frames to a score, and what no frame, type or picture may keep of a person."""

import dataclasses
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import numpy as np
import pytest
from floor_world import INK, WIDTH, Figure, Knows, background, drawn, feet, film, plan
from PIL import Image

from edge_agent.domain import floor as domain
from edge_agent.domain.floor import Hours
from edge_agent.domain.observation import Observation
from edge_agent.ports import FloorFindings
from edge_agent.shelf.floor import heat
from edge_agent.shelf.floor.cover import covered
from edge_agent.shelf.floor.engine import FloorEngine
from edge_agent.shelf.floor.grid import counted
from edge_agent.shelf.floor.people.detector import Box, squares
from edge_agent.shelf.floor.states import observations
from edge_agent.shelf.floor.tally import Sample, tally
from edge_agent.shelf.floor.watch import View, Watch
from edge_sync import data as wire

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CROWD = [
    *(Figure(at=(2.2 + 0.4 * n, 1.4), from_s=3 + 7 * n, until_s=110) for n in range(4)),
    *(Figure(at=(0.8, 1.4), from_s=start, until_s=start + 20) for start in (0, 60, 100)),
    *(Figure(at=(1 + n, 4.2), to=(1 + n, 5.9), from_s=12 * n, until_s=12 * n + 6) for n in range(6)),
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("floor") / "reference.png"
    Image.fromarray(drawn([Figure(at=(6, 3), from_s=0, until_s=9)], 1)).save(path)
    return path


def engine(frames, people=None, **settings) -> FloorEngine:
    return FloorEngine(
        people=people or Knows(), model_digest="ab" * 32, frames=lambda _: frames,
        decode=lambda file: np.asarray(Image.open(file).convert("RGB")), **settings,
    )  # fmt: skip


def test_figures_on_a_film_are_counted_as_they_stood(busy: FloorFindings) -> None:
    found = busy
    score, zones = found.score, {one.zone: one for one in found.score.zones}
    truth = sum(110 - (3 + 7 * n) for n in range(4))
    assert zones["till"].person_s == pytest.approx(truth, abs=4)
    assert zones["till"].visits == 4
    assert zones["behind"].person_s == pytest.approx(60, abs=3)
    assert zones["behind"].unstaffed_s == pytest.approx(60, abs=3)
    assert zones["till"].unattended_s == pytest.approx(60, abs=4)
    assert score.arrivals == 6
    assert score.coverage.value == 1.0
    assert score.duration_ms == 120_000


def test_a_film_in_which_nothing_happens_is_hardly_searched(reference: Path) -> None:
    still = [Figure(at=(3, 1), from_s=0, until_s=200)]
    people = Knows()
    made = engine(film(still, 120), people)
    watched = made.watch(io.BytesIO(), plan(reference))
    assert len(watched.samples) == 120
    assert watched.searched <= 13
    assert {one.counts.people for one in watched.samples} == {1}


def test_dark_covered_and_moved_frames_are_not_assessed(reference: Path) -> None:
    def spoilt(rgb: np.ndarray, second: float) -> np.ndarray:
        if second < 20:
            return (rgb * 0.05).astype(np.uint8)
        if second < 40:
            return np.full_like(rgb, 90)
        return np.roll(rgb, 37, axis=1) if second < 60 else rgb

    found = engine(film(CROWD, 80, change=spoilt)).score(io.BytesIO(), plan(reference), NOON)
    seen = found.score.coverage
    assert (seen.dark_s, seen.blocked_s, seen.moved_s, seen.assessed_s) == (20, 20, 20, 20)
    matches = {one.from_ms: dict(one.values)["calibration_match"] for one in found.observations if one.subject == "" and "calibration_match" in dict(one.values)}  # fmt: skip # noqa: E501
    assert all(value < 0.5 for at, value in matches.items() if 20_000 <= at < 60_000)
    assert matches[60_000] >= 0.5
    assert not any(one.subject.startswith("zone:") and one.from_ms < 60_000 for one in found.observations)


def test_light_that_changes_as_a_whole_is_no_motion_and_a_step_is() -> None:
    watch = Watch(background())
    base = background()
    assert watch.changed(base, 0)
    assert not watch.changed((base * 0.9).astype(np.uint8), 1000)
    assert watch.changed(drawn([Figure(at=(3, 3), from_s=0, until_s=9)], 1), 2000)
    assert watch.look(base, []).view is View.CLEAR


def test_a_person_close_to_the_camera_does_not_pass_for_a_moved_camera() -> None:
    watch = Watch(background())
    rgb = background()
    rgb[:, : WIDTH // 2] = 40
    near = Box(left=0.02, top=0, right=0.46, bottom=1, score=0.9)
    assert watch.look(rgb, [near]).view is View.CLEAR
    assert watch.look(rgb, []).view is not View.CLEAR


@pytest.fixture(scope="module")
def busy(reference: Path) -> FloorFindings:
    return engine(film(CROWD, 120)).score(io.BytesIO(), plan(reference), NOON)


@dataclasses.dataclass
class FoundStates:
    observations: tuple[Observation, ...]


def states(found, subject: str, name: str) -> list[tuple[int, int, float | bool]]:
    return [
        (one.from_ms // 1000, one.until_ms // 1000, dict(one.values)[name])
        for one in found.observations if one.subject == subject and name in dict(one.values)
    ]  # fmt: skip


def test_states_are_told_in_steps_and_small_counts_as_some(busy: FloorFindings) -> None:
    found = busy
    assert {value for _, _, value in states(found, "zone:till", "customers")} == {0, 1, 4}
    assert {value for _, _, value in states(found, "zone:behind", "counter_staff")} == {0, 1}
    assert all(
        one.from_ms % 10_000 == 0 and one.until_ms % 10_000 == 0
        for one in found.observations
        if "arrivals" not in dict(one.values)
    )
    assert {value for _, _, value in states(found, "zone:behind", "open_hours")} == {True}
    assert states(found, "zone:behind", "was_unstaffed")[0][0] == 60
    assert not states(found, "zone:door", "customers")
    assert not any(name == "unassisted_share" for one in found.observations for name, _ in one.values)


def test_waiting_without_staff_is_seen_as_the_event_models_ask(busy: FloorFindings) -> None:
    found = busy
    alone = [
        one for one in found.observations
        if one.subject == "zone:till" and dict(one.values).get("customers", 0) >= 1 and dict(one.values).get("staff") == 0
    ]  # fmt: skip
    assert sum(one.until_ms - one.from_ms for one in alone) == pytest.approx(60_000, abs=10_000)
    assert max(value for _, _, value in states(found, "", "unattended_waiting_zones")) == 1


def test_whose_staff_is_unknown_where_no_zone_serves_and_no_hours_say_so(reference: Path) -> None:
    bare = plan(reference)
    unserved = dataclasses.replace(bare, zones=tuple(dataclasses.replace(one, served_by="") for one in bare.zones), open_hours=())
    found = engine(film(CROWD, 60)).score(io.BytesIO(), unserved, NOON)
    assert not states(found, "zone:till", "staff")
    assert not states(found, "zone:behind", "open_hours")
    assert not states(found, "", "max_staff_in_zone")
    assert found.score.zones[1].unattended_s is None


def test_before_opening_everybody_is_staff(reference: Path) -> None:
    early = plan(reference, staff_only=(Hours(days=frozenset(range(1, 8)), from_minute=0, until_minute=24 * 60),))
    found = engine(film(CROWD, 60)).score(io.BytesIO(), early, NOON)
    assert {value for _, _, value in states(found, "zone:till", "customers")} == {0}
    assert not any("arrivals" in dict(one.values) for one in found.observations)


def test_stays_by_quarter_and_shares_by_hour() -> None:
    at_till = [Figure(at=(2.3 + 0.3 * (n % 5), 1.4), from_s=60 * n, until_s=60 * n + 48) for n in range(30)]
    passing = [Figure(at=(1 + n % 7, 5), from_s=60 * n, until_s=60 * n + 12) for n in range(30)]
    known = plan()
    seen = [
        Sample(
            at_ms=at * 1000, view=View.CLEAR,
            counts=counted(known, [(x / 8, y / 6) for x, y in feet([*at_till, *passing], at)]),
        )
        for at in range(0, 1800, 4)
    ]  # fmt: skip
    found = FoundStates(observations(known, tally(seen, 1_800_000, 4).held, NOON))
    ((_, _, ratio), *_) = states(found, "zone:till", "dwell_vs_store_avg")
    assert ratio == pytest.approx(48 / ((48 + 12) / 2), rel=0.1)
    assert states(found, "zone:till", "dwell_samples")[0][2] == 15
    assert states(found, "", "arrivals")[0] == (0, 900, 15)
    assert states(found, "zone:till", "zone_staff_time_share")[0][2] == 0
    assert states(found, "zone:till", "zone_customer_dwell_share")[0][2] == pytest.approx(0.8, abs=0.02)


def test_nothing_of_a_covered_person_is_left() -> None:
    rgb = drawn([Figure(at=(3, 3), from_s=0, until_s=9)], 1)
    people = Knows()(rgb)
    hidden = covered(rgb, people)
    assert (rgb == INK).all(axis=2).any()
    assert not (hidden == INK).all(axis=2).any()
    assert (covered(rgb, []) == rgb).all()
    one = people[0]
    rows = slice(int(one.top * rgb.shape[0]), int(one.bottom * rgb.shape[0]))
    inside = hidden[rows, int(one.left * WIDTH) : int(one.right * WIDTH)]
    assert len(np.unique(inside.reshape(-1, 3), axis=0)) == 1


def test_the_picture_shows_no_frame_of_the_video_and_nobody(reference: Path) -> None:
    """The same score with another video's pixels gives the same bytes; the person on the reference photo is covered."""

    def tinted(rgb: np.ndarray, _: float) -> np.ndarray:
        return np.where((rgb == INK).all(axis=2, keepdims=True), rgb, rgb // 2 + 40).astype(np.uint8)

    bright = engine(film(CROWD, 20)).score(io.BytesIO(), plan(reference), NOON)
    other = engine(film(CROWD, 20, change=tinted)).score(io.BytesIO(), plan(reference), NOON)
    assert other.picture == bright.picture
    pixels = np.asarray(Image.open(io.BytesIO(bright.picture)).convert("RGB")).astype(int)
    assert np.abs(pixels - np.asarray(INK)).sum(axis=2).min() > 20
    assert pixels.shape[1] == 1080


def test_fuller_cells_are_darker_and_what_is_not_told_is_hatched(busy: FloorFindings) -> None:
    cells = tuple(domain.Cell(column=n, row=6, person_s=30 + 60 * n) for n in range(5))
    score = dataclasses.replace(busy.score, cells=(*cells, domain.Cell(column=8, row=6, person_s=None)))
    pixels = np.asarray(Image.open(io.BytesIO(heat.png(plan(), score, background()))).convert("RGB"))
    side = 1000 / 8 * 0.5
    inside = [pixels[int(96 + 6.4 * side), int(40 + (n + 0.5) * side)] for n in range(5)]
    luma = [float(one @ (0.3, 0.59, 0.11)) for one in inside]
    assert luma == sorted(luma, reverse=True)
    assert len({tuple(one) for one in inside}) == 5
    hatched = pixels[int(96 + 6 * side) + 4 : int(96 + 7 * side) - 4, int(40 + 8 * side) + 4 : int(40 + 9 * side) - 4]
    assert {tuple(one) for one in hatched.reshape(-1, 3).tolist()} == {heat.GREY, (255, 255, 255)}


def test_the_svg_has_no_photo_and_hatches_what_is_not_told(reference: Path, busy: FloorFindings) -> None:
    found = busy
    drawing = heat.svg(plan(reference), found.score)
    assert "<image" not in drawing
    assert drawing.count("url(#h)") >= 1 + sum(one.person_s is None for one in found.score.cells)
    assert "柜台前" in drawing


def test_no_type_that_is_kept_or_sent_has_room_for_a_person() -> None:
    """Every field of what leaves the engine is a count, a duration, a code or a share: no coordinate, no bytes, no free list."""
    kept = (domain.FloorScore, domain.ZoneScore, domain.ZoneMinute, domain.Cell, domain.Coverage)
    allowed = {int, float, str, type(None), domain.Role, *kept}
    for one in kept:
        hints = get_type_hints(one)
        for name, hint in hints.items():
            parts = {
                part
                for part in (*get_args(hint), *(deep for part in get_args(hint) for deep in get_args(part))) or (hint,)
                if part is not Ellipsis
            }
            assert parts <= allowed, (one.__name__, name)
    assert {one.name for one in dataclasses.fields(domain.Cell)} == {"column", "row", "person_s"}
    names = {one.name for kind in (wire.FloorData, wire.FloorZone) for one in msgspec.structs.fields(kind)}
    assert names.isdisjoint(
        {"cells", "column", "row", "x", "y", "box", "boxes", "track", "tracks", "crop", "image", "picture", "people"}
    )


def test_the_score_survives_the_ledgers_json(busy: FloorFindings) -> None:
    score = busy.score
    assert msgspec.json.decode(msgspec.json.encode(score), type=domain.FloorScore) == score


@pytest.mark.parametrize(
    ("size", "count"), [((300, 300), 1), ((640, 480), 2), ((1920, 1080), 3), ((1080, 1920), 3), ((320, 300), 1)]
)
def test_squares_cover_the_whole_picture_and_overlap(size: tuple[int, int], count: int) -> None:
    width, height = size
    made = squares(width, height)
    assert len(made) == count
    seen = np.zeros((height, width), int)
    for x, y, side in made:
        seen[y : y + side, x : x + side] += 1
    assert seen.min() >= 1
    if count > 1:
        assert (seen >= 2).mean() >= 0.3


def test_an_unreadable_photo_is_the_plans_fault_not_the_videos(tmp_path: Path) -> None:
    from edge_agent.errors import BadConfig

    with pytest.raises(BadConfig, match="reference photo"):
        engine(film(CROWD, 5)).score(io.BytesIO(), plan(tmp_path / "gone.png"), NOON)


def test_the_same_engine_scores_the_next_video_without_the_last_ones_memory(reference: Path) -> None:
    films = iter([film(CROWD, 12), film([], 12)])
    made = FloorEngine(
        people=Knows(), model_digest="ab" * 32, frames=lambda _: next(films),
        decode=lambda file: np.asarray(Image.open(file).convert("RGB")),
    )  # fmt: skip
    made.score(io.BytesIO(), plan(reference), NOON)
    empty = made.score(io.BytesIO(), plan(reference), NOON + timedelta(hours=1))
    assert (empty.score.person_s, empty.score.cells) == (0, ())
