"""The floor's way from frames to a score, and what no frame, type or picture may keep of a person."""

import dataclasses
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import numpy as np
import pytest
from floor_world import INK, WIDTH, ZONES, Figure, Knows, background, drawn, feet, film, plan
from PIL import Image
from shipped import lexicon

from edge_agent.domain import floor as domain
from edge_agent.domain.floor import Hours, Zone
from edge_agent.domain.observation import Observation
from edge_agent.ports import FloorFindings
from edge_agent.shelf.floor import heat
from edge_agent.shelf.floor import states as _states
from edge_agent.shelf.floor.cover import covered
from edge_agent.shelf.floor.engine import FloorEngine
from edge_agent.shelf.floor.grid import counted
from edge_agent.shelf.floor.people.detector import Box, squares
from edge_agent.shelf.floor.states import observations
from edge_agent.shelf.floor.tally import Sample, tally
from edge_agent.shelf.floor.watch import View, Watch
from edge_agent.tagging.sight.model import Visual
from edge_sync import data as wire

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL_DAY = (Hours(days=frozenset(range(1, 8)), from_minute=0, until_minute=24 * 60),)
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
    assert zones["behind"].unstaffed_s == 60
    assert zones["till"].unattended_s == 60
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


SHOP = [
    *(Figure(at=(2.5, 1.4), from_s=start, until_s=start + length) for start, length in ((40, 200), (300, 60), (430, 20))),
    *(Figure(at=(0.8, 1.4), from_s=start, until_s=start + 20) for start in (0, 60, 240, 400, 560)),
    *(Figure(at=(4.2 + 0.5 * n, 1.4), from_s=120 + 5 * n, until_s=400) for n in range(6)),
]


def sampled(figures, seconds: int, known=None, view=lambda _: View.CLEAR):
    known = known or plan()
    made = [
        Sample(at_ms=at * 1000, view=view(at), match=0.9, counts=counted(known, [(x / 8, y / 6) for x, y in feet(figures, at)]))
        for at in range(seconds)
    ]
    return tally(made, seconds * 1000, len(known.zones)).held


def test_only_what_a_model_asks_for_is_told_and_only_if_it_lasted() -> None:
    found = FoundStates(observations(plan(), sampled(SHOP, 600), NOON))
    assert states(found, "zone:till", "customers") == [(0, 90, 0), (90, 240, 1), (240, 600, 0)]
    assert states(found, "zone:till", "staff") == [(90, 240, 0)]
    assert states(found, "zone:line", "queue_len") == [(0, 150, 0), (150, 390, 5), (390, 600, 0)]
    assert states(found, "zone:behind", "counter_staff") == [(0, 420, 1), (420, 600, 0)]
    assert {value for _, _, value in states(found, "zone:behind", "open_hours")} == {True}
    assert states(found, "", "calibration_match") == [(0, 600, 0.5)]
    names = {name for one in found.observations for name, _ in one.values}
    assert names.isdisjoint({"was_unstaffed", "unassisted_share", "arrivals"})


def test_a_counter_that_was_empty_for_five_minutes_is_told_and_so_is_one_at_the_edge() -> None:
    staff = [Figure(at=(0.8, 1.4), from_s=60, until_s=120), Figure(at=(0.8, 1.4), from_s=450, until_s=570)]
    found = FoundStates(observations(plan(), sampled(staff, 600), NOON))
    counter = states(found, "zone:behind", "counter_staff")
    assert counter == [(0, 60, 0), (60, 120, 1), (120, 450, 0), (450, 570, 1), (570, 600, 0)]


@pytest.mark.parametrize("hours", [{}, {"staff_only": ALL_DAY}, {"open_hours": ()}])
def test_a_lone_person_who_walks_through_the_house_is_in_no_observation(hours) -> None:
    """Wherever he goes, the same is stored as of an empty shop: what a minute in each place would tell is not there."""
    known = plan(**hours)
    stops = [(5, 5), (3, 1), (6, 3), (6, 1), (1, 5), (3, 1), (6, 1), (2, 3)]
    route = [Figure(at=at, from_s=60 * n, until_s=60 * n + 60) for n, at in enumerate(stops, 1)]
    walked, empty = (observations(known, sampled(one, 600, known), NOON) for one in (route, []))
    assert walked == empty


def test_while_only_staff_is_in_the_house_no_observation_says_where() -> None:
    known = plan(staff_only=ALL_DAY)
    walked, empty = (observations(known, sampled(one, 600, known), NOON) for one in (SHOP, []))
    assert walked == empty
    assert {value for one in walked if one.subject == "zone:till" for _, value in one.values} == {0}
    assert not any("counter_staff" in dict(one.values) for one in walked)


def test_while_closed_a_counter_says_only_that() -> None:
    night = datetime(2026, 11, 20, 23, tzinfo=UTC)
    found = FoundStates(observations(plan(), sampled(SHOP, 600), night))
    assert [dict(one.values) for one in found.observations if one.subject == "zone:behind"] == [{"open_hours": False}]


def test_every_stretch_lasts_a_step_and_the_last_one_ends_with_the_recording() -> None:
    for seconds in (14, 44, 46, 100, 597):
        found = observations(plan(), sampled(SHOP, seconds), NOON)
        assert max(one.until_ms for one in found) == 1000 * seconds
        assert all(one.until_ms - one.from_ms >= min(30, seconds) * 500 for one in found)


def test_staff_who_stand_together_while_a_zone_waits_are_told() -> None:
    known = plan(
        zones=(*ZONES, Zone(id="other", name="柜台", role=domain.Role.COUNTER_STAFF, outline=((0, 2), (2, 2), (2, 4), (0, 4))))
    )
    staff = [Figure(at=(0.5 + 0.4 * n, 3), from_s=0, until_s=300) for n in range(3)]
    waits = [Figure(at=(3, 1), from_s=60, until_s=210)]
    found = FoundStates(observations(known, sampled([*staff, *waits], 300, known), NOON))
    assert states(found, "", "max_staff_in_zone") == [(60, 210, 3)]
    assert states(found, "", "unattended_waiting_zones") == [(0, 60, 0), (60, 210, 1), (210, 300, 0)]
    fewer = FoundStates(observations(known, sampled([*staff[:2], *waits], 300, known), NOON))
    assert states(fewer, "", "unattended_waiting_zones") == [(0, 300, 0)]


def test_what_is_told_is_what_the_event_models_ask_for_and_each_verdict_is_plain() -> None:
    """Thresholds and `sustain_s` are those of the shipped models; of each state both sides are judged."""
    events = lexicon().events
    lasts = {
        "floor.zone_unattended_waiting": _states.UNATTENDED_MS, "floor.counter_unstaffed": _states.UNSTAFFED_MS,
        "floor.queue_long": _states.QUEUE_MS, "floor.staff_clustered": _states.CLUSTERED_MS,
        "floor.camera_moved": _states.MOVED_MS,
    }  # fmt: skip
    told = {
        "floor.zone_unattended_waiting": ({"customers": 1, "staff": 0}, {"customers": 0}),
        "floor.counter_unstaffed": ({"counter_staff": 0, "open_hours": True}, {"counter_staff": 1, "open_hours": True}),
        "floor.queue_long": ({"queue_len": 5}, {"queue_len": 0}),
        "floor.staff_clustered": (
            {"max_staff_in_zone": 3, "unattended_waiting_zones": 1}, {"unattended_waiting_zones": 0},
        ),
        "floor.camera_moved": ({"calibration_match": 0.0}, {"calibration_match": 0.5}),
    }  # fmt: skip
    for code, ms in lasts.items():
        event = Visual.of(events[code])
        assert event.sustain_ms == ms, code
        assert [event.verdict(values) for values in told[code]] == [True, False], code
    assert Visual.of(events["floor.counter_unstaffed"]).verdict({"open_hours": False}) is False


def test_whose_staff_is_unknown_where_no_zone_serves_and_no_hours_say_so(reference: Path) -> None:
    bare = plan(reference)
    unserved = dataclasses.replace(bare, zones=tuple(dataclasses.replace(one, served_by="") for one in bare.zones), open_hours=())
    found = engine(film(CROWD, 60)).score(io.BytesIO(), unserved, NOON)
    assert not states(found, "zone:till", "staff")
    assert not states(found, "zone:behind", "open_hours")
    assert not states(found, "", "max_staff_in_zone")
    assert found.score.zones[1].unattended_s is None


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
    assert ratio == 1.5  # 48 / ((48 + 12) / 2), in halves
    assert states(found, "zone:till", "dwell_samples")[0][2] == 15
    assert states(found, "zone:till", "zone_staff_time_share")[0][2] == 0
    assert states(found, "zone:till", "zone_customer_dwell_share")[0][2] in (0.7, 0.8)


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
