"""A floor video goes all the way, and no box, track or crop of a person is in any byte that is stored, logged or sent.

Real keys, vault, ledger, inbox, outbox and HQ; the figures of the film are drawn, so that every place at which the engine found
somebody is known. The search must find what it looks for where it is put on purpose.
"""

import io
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from box_world import BoxWorld
from floor_world import DEEP, HEIGHT, INK, WIDE, WIDTH, Figure, Knows, drawn, film, plan
from PIL import Image

from edge_agent.domain.floor import FloorPlan
from edge_agent.domain.recording import State
from edge_agent.ledger.reading import LedgerReader
from edge_agent.shelf.floor.engine import FloorEngine
from edge_agent.shelf.floor.people.detector import Box
from edge_sync import wire

WALKERS = [
    Figure(at=(0.3 + 0.37 * n, 5.91), to=(2.13 + 0.31 * n, 0.97 + 0.11 * n), from_s=1 + 4 * n, until_s=41 + 9 * n)
    for n in range(6)
]


class Remembers(Knows):
    """The stand-in detector, which keeps what a real one must not: every box it ever found."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[Box] = []

    def __call__(self, rgb: np.ndarray) -> list[Box]:
        found = super().__call__(rgb)
        self.boxes += found
        return found


class Plans:
    def __init__(self, known: FloorPlan) -> None:
        self._known = known

    def load(self, floor: str) -> FloorPlan:
        return self._known


def traces(boxes: list[Box]) -> set[bytes]:
    """The numbers of every box and foot: as fractions, metres and pixels, in the spellings that JSON, SQL and logs would use."""
    found: set[bytes] = set()
    for one in boxes:
        fractions = [one.left, one.top, one.right, one.bottom, *one.foot]
        metres = [one.foot[0] * WIDE, one.foot[1] * DEEP]
        found |= {repr(value).encode() for value in (*fractions, *metres) if len(repr(value)) > 6}
        found |= {f"{value:.4f}".encode() for value in (*fractions, *metres) if f"{value:.4f}"[-2:] != "00"}
        pixels = [round(value * side) for value, side in zip(fractions[:4], (WIDTH, HEIGHT, WIDTH, HEIGHT), strict=True)]
        found |= {f"[{', '.join(map(str, pixels))}]".encode(), f"[{','.join(map(str, pixels))}]".encode()}
        found |= {np.asarray(fractions[:4], kind).tobytes() for kind in ("<f4", "<f8", ">f8")}
    return found


def everything(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the box but the sealed media itself and the ballast, which is filled before anything is recorded."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not {"vault", "inbox"} & set(path.parts) and "ballast" not in path.name:
            yield path.name, path.read_bytes()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BoxWorld, Remembers, str]]:
    root = tmp_path_factory.mktemp("floor-day")
    reference = root / "reference.png"
    Image.fromarray(drawn([Figure(at=(6.17, 3.3), from_s=0, until_s=9)], 1)).save(reference)
    people = Remembers()
    engine = FloorEngine(
        people=people, model_digest="ab" * 32, frames=lambda _: film(WALKERS, 100),
        decode=lambda file: np.asarray(Image.open(file).convert("RGB")),
    )  # fmt: skip

    class Scorer:
        def score(self, video: BinaryIO, known: FloorPlan, began_at: datetime) -> object:
            return engine.score(video, known, began_at)

    world = BoxWorld(root / "box", floor=Scorer(), floor_plans=Plans(plan(reference)))  # type: ignore[arg-type]
    world.drop(b"video of the floor", name="floor.mp4", kind="floor", floor="floor-a")
    (done,) = world.work()
    assert done.state is State.CLOSED
    yield world, people, done.id
    world.close()


def test_the_search_finds_a_box_where_one_is_kept() -> None:
    boxes = [Box(left=0.13125, top=0.2, right=0.4, bottom=0.7166, score=0.9)]
    assert any(trace in b'{"box":[0.13125,0.2,0.4,0.7166]}' for trace in traces(boxes))
    assert any(trace in b"x[42, 48, 128, 172]" for trace in traces(boxes))


def test_no_byte_of_the_box_holds_a_box_or_a_place_of_a_person(day: tuple[BoxWorld, Remembers, str]) -> None:
    world, people, _ = day
    assert len(people.boxes) > 60
    words = traces(people.boxes)
    dump = "\n".join(sqlite3.connect(world.path).iterdump()).encode()
    for name, content in (("dump", dump), *everything(world.root)):
        assert [word for word in words if word in content] == [], name


def test_no_byte_that_is_sent_holds_one(day: tuple[BoxWorld, Remembers, str], tmp_path: Path) -> None:
    world, people, recording = day
    rows = [row for row in world.outgoing() if row.leaf == "tags"]
    sent = [wire.unpack(row.payload) for row in rows]
    words = traces(people.boxes)
    assert [word for word in words for content in sent if word in content] == []
    (envelope,) = (said for row in rows if isinstance(said := wire.open(row.payload, lambda _, __: True), wire.FloorEnvelope))
    assert envelope.data.recording == recording
    assert envelope.data.models == ("people@" + "ab" * 32,)
    assert [zone.zone for zone in envelope.data.zones] == ["behind", "till", "line", "door"]
    assert all(len(zone.minutes) == 2 for zone in envelope.data.zones)
    world.at_hq(tmp_path / "hq.db")
    with closing(sqlite3.connect(tmp_path / "hq.db")) as hq:
        assert hq.execute("SELECT count(*) FROM floor_minutes").fetchone() == (8,)
        assert hq.execute("SELECT floor, seconds FROM floor_recordings").fetchone() == ("floor-a", 100)
    at_hq = (tmp_path / "hq.db").read_bytes()
    assert [word for word in words if word in at_hq] == []


def test_what_the_vault_holds_besides_the_video_is_one_picture_without_a_person(
    day: tuple[BoxWorld, Remembers, str], tmp_path: Path
) -> None:
    world, _, recording = day
    (picture,) = (one for one in world.objects(recording) if one != recording)
    content = world.opened_by_two(picture, tmp_path / "picture.png")
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert np.abs(pixels - np.asarray(INK)).sum(axis=2).min() > 20
    assert len(world.vault.objects()) == 2


def test_there_is_no_row_per_person_and_no_order_of_places(day: tuple[BoxWorld, Remembers, str]) -> None:
    """As many rows however many people walked: one analysis, no tag; and cells are listed by place, not by time."""
    world, _, recording = day
    assert world.query("SELECT count(*) FROM analyses") == [(1,)]
    assert world.query("SELECT count(*) FROM tags") == [(0,)]
    with closing(LedgerReader.open(world.path)) as book:
        score = book.floor(recording)
    places = [(one.column, one.row) for one in score.cells]
    assert places == sorted(set(places))
    assert len(score.cells) > 10
    assert all(left.minute < right.minute for zone in score.zones for left, right in itertools.pairwise(zone.minutes))


def test_no_log_line_says_where_somebody_was(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    reference = tmp_path / "reference.png"
    Image.fromarray(drawn([], 1)).save(reference)
    people = Remembers()
    engine = FloorEngine(
        people=people, model_digest="ab" * 32, frames=lambda _: film(WALKERS, 30),
        decode=lambda file: np.asarray(Image.open(file).convert("RGB")),
    )  # fmt: skip
    world = BoxWorld(tmp_path / "box", floor=engine, floor_plans=Plans(plan(reference)))
    world.drop(b"video of the floor", name="floor.mp4", kind="floor", floor="floor-a")
    world.work()
    world.close()
    said = "".join(capfd.readouterr()).encode()
    assert people.boxes
    assert [word for word in traces(people.boxes) if word in said] == []


def test_a_floor_video_without_notice_is_never_looked_at(tmp_path: Path) -> None:
    world = BoxWorld(tmp_path / "box")
    world.drop(b"video", name="floor.mp4", kind="floor", floor="floor-a", basis="none")
    (waits,) = world.work()
    assert (waits.state, waits.parked) == (State.SEALED, "no-consent")
    world.close()
