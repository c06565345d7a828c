"""Plans come in versions: one is in force at a time, a switch is whole or not at all, and any can be gone back to."""

from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from edge_agent import app, config, planning
from edge_agent.domain.planogram import Side
from edge_agent.errors import BadConfig, BadInput, NotFound, Unavailable
from edge_agent.shelf.setup import packs, photos
from edge_agent.shelf.setup.outcome import Doubt, Understood
from edge_agent.shelf.setup.plan_file import Named, render
from edge_agent.shelf.setup.sheets import Planned, Priced
from edge_agent.shelf.setup.table import Faults

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PRICED = [Priced(line=2, sku="tea", name='麦田"茶"\\', brand="麦田", price="5.00", category="茶", width_cm=7.5, eye_level=True)]
BOARDS = [[Planned(line=2, row=1, slot="r1s1", sku="tea", facings=2, height_cm=130)]]
QUAD = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4))
SLOT = Understood(slot="r1s1", row=1, sku="tea", facings=2, area=QUAD, tag=None, doubt=Doubt.NO_TAG)


def files(version: str, *, competitors: tuple[str, ...] = ()) -> dict[str, bytes]:
    head = Named(bay="bay-a", version=version, own=("麦田",), competitors=competitors)
    text = render(head, [SLOT], BOARDS, PRICED, {"tea": ["sku/tea-1.jpg"]})
    return {"bay.toml": text.encode(), "reference.jpg": b"reference", "sku/tea-1.jpg": b"tea"}


@pytest.fixture
def settings(tmp_path):
    found = config.load(None, state=tmp_path)
    found.paths.bays.mkdir(parents=True)
    return found


@pytest.fixture
def folder(settings):
    return settings.paths.bays / "bay-a"


def test_a_plan_survives_being_written_as_text(folder):
    plan = packs.publish(folder, "1", files("1"))
    sku = plan.skus[0]
    assert (sku.name, sku.price, sku.side, sku.width_cm, sku.eye_level) == ('麦田"茶"\\', "5.00", Side.OWN, 7.5, True)
    assert plan.rows[0].height_cm == 130
    assert np.allclose(plan.slots[0].area, QUAD)
    assert "没找到价签" in (folder / "versions" / "1" / "bay.toml").read_text("utf-8")


def test_a_published_version_is_not_in_force_until_it_is_used(folder, settings):
    packs.publish(folder, "1", files("1"))
    with pytest.raises(NotFound):
        app.Bays(settings).load("bay-a")
    used = packs.use(folder, "1", AT)
    assert app.Bays(settings).load("bay-a").digest == used.digest


def test_an_earlier_version_can_be_gone_back_to(folder, settings):
    for version in ("1", "2"):
        packs.publish(folder, version, files(version))
        packs.use(folder, version, AT)
    assert app.Bays(settings).load("bay-a").version == "2"
    packs.use(folder, "1", AT)
    assert app.Bays(settings).load("bay-a").version == "1"
    assert [(one.version, one.in_force) for one in packs.packs(folder)] == [("1", True), ("2", False)]


def test_a_plain_plan_counts_until_the_first_switch_and_can_be_gone_back_to(folder, settings):
    folder.mkdir()
    for name, content in files("by-hand").items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    assert app.Bays(settings).load("bay-a").version == "by-hand"
    packs.publish(folder, packs.free_version(folder), files("1"))
    packs.use(folder, "1", AT)
    assert app.Bays(settings).load("bay-a").version == "1"
    packs.use(folder, "by-hand", AT)
    assert app.Bays(settings).load("bay-a").version == "by-hand"


def test_a_version_is_never_rewritten(folder):
    packs.publish(folder, "1", files("1"))
    with pytest.raises(BadConfig, match="version 1 already"):
        packs.publish(folder, "1", files("1"))
    assert packs.free_version(folder) == "2"


def test_what_is_no_plan_is_not_published_and_leaves_nothing(folder):
    broken = files("1") | {"bay.toml": b"bay = 3"}
    with pytest.raises(BadConfig):
        packs.publish(folder, "1", broken)
    assert list(packs.plans(folder)) == []
    assert [one.name for one in folder.iterdir()] == ["versions"]


def test_a_broken_version_cannot_be_put_in_force_and_the_one_before_stays(folder, settings):
    for version in ("1", "2"):
        packs.publish(folder, version, files(version))
    packs.use(folder, "1", AT)
    (folder / "versions" / "2" / "reference.jpg").unlink()
    with pytest.raises(BadConfig):
        planning.use(settings, "bay-a", "2")
    assert app.Bays(settings).load("bay-a").version == "1"
    assert [one.fault != "" for one in packs.packs(folder)] == [False, True]


def test_a_version_changed_by_hand_is_told_until_it_is_used_again(folder, settings):
    packs.publish(folder, "1", files("1"))
    packs.use(folder, "1", AT)
    plan = folder / "versions" / "1" / "bay.toml"
    plan.write_text(plan.read_text("utf-8").replace("facings = 2", "facings = 3"), encoding="utf-8")
    assert planning.listed(settings).plans[0].changed
    planning.use(settings, "bay-a", "1")
    assert not planning.listed(settings).plans[0].changed


@pytest.mark.parametrize(
    "broken", ["", "version = 1", 'version = "1"\nfolder = "../../x"\ndigest = ""\nsince = 2026-01-01T00:00:00Z\n']
)
def test_a_pointer_that_cannot_be_read_stops_scoring_rather_than_guessing(folder, settings, broken):
    packs.publish(folder, "1", files("1"))
    packs.use(folder, "1", AT)
    (folder / "current.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(BadConfig, match="in force"):
        app.Bays(settings).load("bay-a")


def test_a_half_written_version_of_a_power_cut_is_swept_by_the_next(folder):
    (folder / ".new-0123").mkdir(parents=True)
    packs.publish(folder, "1", files("1"))
    assert not list(folder.glob(".new-*"))


def test_the_pointer_that_cannot_be_written_leaves_the_old_in_force(folder, settings):
    for version in ("1", "2"):
        packs.publish(folder, version, files(version))
    packs.use(folder, "1", AT)
    (folder / ".current.toml.part").mkdir()
    with pytest.raises(Unavailable):
        packs.use(folder, "2", AT)
    assert app.Bays(settings).load("bay-a").version == "1"


def test_messages_may_carry_the_values_of_every_version_kept(folder, settings):
    packs.publish(folder, "1", files("1"))
    packs.use(folder, "1", AT)
    listed = app.bays.Listed(frozenset(), settings)
    assert {"bay-a", "tea", "r1s1"} <= {one for one in ("bay-a", "tea", "r1s1", "no") if one in listed}
    assert "no" not in listed


def test_a_floor_plan_that_cannot_be_read_stops_nothing(folder, settings):
    packs.publish(folder, "1", files("1"))
    packs.use(folder, "1", AT)
    broken = settings.paths.floors / "floor-a" / "floor.toml"
    broken.parent.mkdir(parents=True)
    broken.write_text("floor = ", encoding="utf-8")
    listed = app.bays.Listed(frozenset(), settings)
    assert "tea" in listed
    assert "nowhere" not in listed


def test_a_value_that_is_not_listed_makes_no_plan_be_read_again(folder, settings):
    """Their pictures are gone: whoever read the plan anew would refuse it. A plan that changes is read again."""
    packs.publish(folder, "1", files("1"))
    packs.use(folder, "1", AT)
    listed = app.bays.Listed(frozenset(), settings)
    assert "no" not in listed
    plan = folder / "versions" / "1" / "bay.toml"
    (plan.parent / "reference.jpg").rename(folder / "aside.jpg")
    assert "no" not in listed
    assert "tea" in listed
    plan.write_text(plan.read_text("utf-8").replace("r1s1", "r1s22"), encoding="utf-8")
    with pytest.raises(BadConfig):
        assert "no" not in listed
    (folder / "aside.jpg").rename(plan.parent / "reference.jpg")
    assert "r1s22" in listed


@pytest.mark.parametrize("bay", ["", "../x", "A", "a/b", ".."])
def test_what_is_no_code_names_no_folder(settings, bay):
    with pytest.raises(BadInput):
        planning.use(settings, bay, "1")


def picture(width: int = 700, height: int = 500) -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken by somebody"
    Image.new("RGB", (width, height), (90, 120, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def decode(file) -> np.ndarray:
    try:
        return np.asarray(Image.open(file).convert("RGB"))
    except OSError as error:
        raise BadInput("damaged", "no picture", zh="坏") from error


def opened(path):
    return path.open("rb")


def test_photos_belong_to_the_sku_that_their_name_says(tmp_path):
    for name in ("TEA-1.jpg", "tea-2.PNG", "milk-1.jpg", "milk-1-1.jpg", "holiday.jpg", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"x")
    found, strangers = photos.by_sku(tmp_path, {"tea", "milk", "milk-1"}, Faults())
    assert {code: [one.name for one in files] for code, files in found.items()} == {
        "tea": ["TEA-1.jpg", "tea-2.PNG"],
        "milk-1": ["milk-1-1.jpg", "milk-1.jpg"],
    }
    assert strangers == 1


def test_photos_are_written_anew_without_what_a_camera_adds(tmp_path):
    (tmp_path / "tea.jpg").write_bytes(picture(1600, 1200))
    made = photos.encoded({"tea": [tmp_path / "tea.jpg"]}, ["tea"], opened, decode, faults=Faults())
    again = Image.open(BytesIO(made["tea"][0]))
    assert max(again.size) == photos.PHOTO_PX
    assert not again.getexif()
    assert b"somebody" not in made["tea"][0]


def test_a_missing_a_broken_and_too_many_photos_are_all_told(tmp_path):
    (tmp_path / "milk-1.jpg").write_bytes(b"no picture")
    for number in range(6):
        (tmp_path / f"soap-{number}.jpg").write_bytes(picture())
    faults = Faults()
    found, _ = photos.by_sku(tmp_path, {"tea", "milk", "soap"}, faults)
    photos.encoded(found, ["tea", "milk", "soap"], opened, decode, faults=faults)
    assert {(one.column, one.line) for one in faults.found} == {("tea", 0), ("milk", 0), ("soap", 0)}


def test_a_small_or_broken_reference_photo_is_a_fault(tmp_path):
    (tmp_path / "small.jpg").write_bytes(picture(300, 200))
    (tmp_path / "broken.jpg").write_bytes(b"x")
    for name in ("small.jpg", "broken.jpg"):
        faults = Faults()
        photos.reference(tmp_path / name, opened, decode, faults)
        assert [one.file for one in faults.found] == ["photo"]
