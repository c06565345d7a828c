"""A floor's plan is read as a whole: what ties it to the picture, zones, hours, and every error at once."""

import random
from pathlib import Path

import pytest

from edge_agent.cli import main
from edge_agent.domain.floor import Role
from edge_agent.errors import BadConfig
from edge_agent.shelf.floor.grid import fitted, in_picture, on_floor, within
from edge_agent.shelf.floor.plan import load

GOOD = """
floor = "floor-a"
version = "2026-11"
reference = "reference.jpg"
width_m = 8.0
depth_m = 6.0

[rectangle]
corners = [[0.2, 0.3], [0.8, 0.3], [1.1, 1.0], [-0.1, 1.0]]
width_m = 8.0
depth_m = 6.0

[[zone]]
id = "behind"
name = "柜台内"
role = "counter_staff"
outline = [[0, 0], [2, 0], [2, 2], [0, 2]]

[[zone]]
id = "till"
name = "柜台前"
role = "counter_customer"
space = "image"
outline = [[0.4, 0.3], [0.5, 0.3], [0.5, 0.5], [0.4, 0.5]]
served_by = "behind"

[[open]]
from = "09:00"
until = "21:30"
days = [1, 2, 3, 4, 5]
"""


def written(folder: Path, text: str) -> Path:
    (folder / "reference.jpg").write_bytes(b"photo")
    path = folder / "floor.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_plan_is_read_whole(tmp_path: Path) -> None:
    plan = load(written(tmp_path, GOOD))
    assert [(one.id, one.role) for one in plan.zones] == [("behind", Role.COUNTER_STAFF), ("till", Role.COUNTER_CUSTOMER)]
    assert plan.zones[1].served_by == "behind"
    assert plan.cell_m == 0.5
    assert (plan.open_hours[0].from_minute, plan.open_hours[0].until_minute) == (540, 1290)
    for corner, place in zip([(0.2, 0.3), (0.8, 0.3), (1.1, 1.0), (-0.1, 1.0)], [(0, 0), (8, 0), (8, 6), (0, 6)], strict=True):
        assert on_floor(plan.to_floor, corner) == pytest.approx(place, abs=1e-6)
        assert in_picture(plan.to_floor, place) == pytest.approx(corner, abs=1e-6)


def test_another_photo_or_word_is_another_plan(tmp_path: Path) -> None:
    before = load(written(tmp_path, GOOD)).digest
    assert load(written(tmp_path, GOOD.replace("2026-11", "2026-12"))).digest != before
    (tmp_path / "reference.jpg").write_bytes(b"other")
    assert load(tmp_path / "floor.toml").digest != before


def test_all_errors_are_told_at_once(tmp_path: Path) -> None:
    bad = (
        GOOD.replace('role = "counter_staff"', 'role = "cellar"')
        .replace('from = "09:00"', 'from = "22:00"')
        .replace('id = "till"', 'id = "till"\nowner = "x"')
        .replace("reference.jpg", "../reference.jpg")
    )
    with pytest.raises(BadConfig) as refused:
        load(written(tmp_path, bad))
    message = str(refused.value)
    for part in ("zone behind", "zone till: a key that is not known", "before `until`", "must stay inside"):
        assert part in message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[0.8, 0.3], [1.1, 1.0], [-0.1, 1.0]]", "[0.4, 0.3], [0.6, 0.3], [0.8, 0.3]]", "fix no floor"),
        ('served_by = "behind"', 'served_by = "till"', "role counter_staff"),
        ('id = "till"', 'id = "behind"', "used twice"),
        ("outline = [[0, 0], [2, 0], [2, 2], [0, 2]]", "outline = [[0, 0], [1, 1], [2, 2]]", "encloses no floor"),
        ("[rectangle]", "[[point]]\nimage = [0.1, 0.1]\nfloor = [1, 1]\n\n[rectangle]", "either four or more"),
        ("[[0.4, 0.3], [0.5, 0.3], [0.5, 0.5], [0.4, 0.5]]", "[[0.4, -0.4], [0.5, -0.4], [0.5, 0.5], [0.4, 0.5]]", "horizon"),
        ("cell", "cell", ""),
    ],
)  # fmt: skip
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    if old == new:
        with pytest.raises(BadConfig, match="cell_m"):
            load(written(tmp_path, "cell_m = 0.1\n" + GOOD))
        return
    with pytest.raises(BadConfig, match=says):
        load(written(tmp_path, GOOD.replace(old, new)))


def test_points_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    head, _, tail = GOOD.partition("[rectangle]")
    zones = tail[tail.index("[[zone]]") :]
    floor = [(0, 0), (8, 0), (8, 6), (0, 6), (4, 0)]
    image = [(0.2, 0.3), (0.8, 0.3), (1.1, 1.0), (-0.1, 1.0), (0.9, 0.35)]
    pairs = "".join(f"[[point]]\nimage = {list(a)}\nfloor = {list(b)}\n" for a, b in zip(image, floor, strict=True))
    with pytest.raises(BadConfig, match="contradict"):
        load(written(tmp_path, head + pairs + zones))


def test_any_camera_is_found_from_its_points() -> None:
    draw = random.Random(4)
    for _ in range(50):
        matrix = (
            draw.uniform(3, 9), draw.uniform(-1, 1), draw.uniform(-1, 1), draw.uniform(-1, 1), draw.uniform(3, 9),
            draw.uniform(-1, 1), draw.uniform(-0.2, 0.2), draw.uniform(0, 0.6), 1.0,
        )  # fmt: skip
        points = [(draw.random(), draw.random()) for _ in range(6)]
        places = [on_floor(matrix, one) for one in points]
        found = fitted(points, [one for one in places if one is not None])
        assert found is not None
        other = (draw.random(), draw.random())
        assert on_floor(found[0], other) == pytest.approx(on_floor(matrix, other), abs=1e-3)
        assert found[1] < 1e-6


def test_a_point_is_in_a_concave_zone_or_not() -> None:
    corner = ((0, 0), (4, 0), (4, 1), (1, 1), (1, 4), (0, 4))
    assert within(corner, (3, 0.5))
    assert within(corner, (0.5, 3))
    assert not within(corner, (3, 3))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "till"', 'id = "till"\n"zhang san" = 1'), ('id = "till"', 'id = "zhang san"'),
        ('role = "counter_staff"', 'role = "zhang san"'), ('served_by = "behind"', 'served_by = "zhang san"'),
        ("[rectangle]", '"zhang san" = 1\n[rectangle]'), ("[rectangle]", '["zhang san"]\n["zhang san"]\n[rectangle]'),
        ('"reference.jpg"', '"zhang san.jpg"'),
    ],
)  # fmt: skip
def test_no_error_repeats_what_somebody_wrote(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(BadConfig) as refused:
        load(written(tmp_path, GOOD.replace(old, new, 1)))
    assert "zhang" not in refused.value.message


def test_what_is_no_toml_is_told_by_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"not TOML \(line 3, column \d+\)"):
        load(written(tmp_path, GOOD.replace('version = "2026-11"', "version = zhang")))


def test_a_link_does_not_lead_out_of_the_plans_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jpg").write_bytes(b"elsewhere")
    folder = tmp_path / "floor-a"
    folder.mkdir()
    path = written(folder, GOOD)
    (folder / "reference.jpg").unlink()
    (folder / "reference.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    with pytest.raises(BadConfig, match="must stay inside"):
        load(path)


def test_the_printed_example_is_a_plan_that_shows_every_role(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["floor", "example"]) == 0
    plan = load(written(tmp_path, capsys.readouterr().out))
    assert {one.role for one in plan.zones} == set(Role)
    assert (len(plan.open_hours), len(plan.staff_only)) == (1, 1)
