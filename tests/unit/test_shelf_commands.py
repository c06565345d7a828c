"""The shelf's and the floor's commands as far as they need no model: what is refused, what is said where nothing is."""

from pathlib import Path

import pytest

from edge_agent import bench, config, doctor
from edge_agent.cli import main
from edge_agent.doctor.gather import gather
from edge_agent.errors import NotFound
from edge_agent.shelf.setup import packs

SAMPLE = Path(bench.__file__).parent / "samples" / "bay-a"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(f'state = "{tmp_path}"\n', "utf-8")
    return tmp_path


def run(state: Path, *words: str) -> int:
    return main([*words, "--config", str(state / "config.toml")])


def test_plans_of_an_unknown_bay_are_an_error_and_none_at_all_are_told(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "shelf", "plans") == 0
    assert "没有陈列图" in capsys.readouterr().out
    assert run(state, "shelf", "plans", "nowhere") != 0
    assert "没有这个货架的陈列图" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("shelf", "score", "v.mp4", "--bay", "b", "--picture", "a.jpg"),
        ("shelf", "compare", "v.mp4", "w.mp4", "--bay", "b", "--picture", "a"),
        ("shelf", "sheet", "b", "-o", "a.docx"),
        ("shelf", "trend", "b", "--brands", "a.pdf"),
        ("floor", "score", "v.mp4", "--floor", "f.toml", "--picture", "a.jpg"),
    ],
)
def test_a_kind_of_picture_that_nobody_can_write_is_refused(
    state: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert run(state, *words) != 0
    assert "文件名应以 ." in capsys.readouterr().err


def test_a_bay_is_named_by_its_code_or_by_a_file(state: Path) -> None:
    settings = config.load(state / "config.toml")
    with pytest.raises(NotFound):
        bench.shelf_score(settings, SAMPLE.parent / "shelf-1.mp4", Path("bay-a"))
    plan = bench.bay_plan(settings, SAMPLE / packs.PLAN)
    (settings.paths.bays / "bay-a").parent.mkdir(parents=True, exist_ok=True)
    (settings.paths.bays / "bay-a").symlink_to(SAMPLE)
    assert bench.bay_plan(settings, Path("bay-a")).digest == plan.digest


def test_the_doctor_asks_for_the_person_model_and_for_plans_where_cameras_need_them(state: Path) -> None:
    cameras = [("a", 'bay = "bay-a"\nbasis = "not-personal"'), ("b", 'floor = "hall"\nbasis = "notice"'), ("c", 'bay = "bay-a"')]
    text = "".join(f'[[cameras]]\nid = "{name}"\nurl = "/dev/video0"\n{rest}\n' for name, rest in cameras)
    before = {name for name, _ in gather(config.load(state / "config.toml")).models}
    (state / "config.toml").write_text(f'state = "{state}"\n{text}', "utf-8")
    facts = gather(config.load(state / "config.toml"))
    assert len({name for name, _ in facts.models} - before) == 1
    assert [one.idle for one in facts.watched] == ["plan", "plan", "basis"]
    said = next(one for one in doctor.examine(facts) if one.check == "camera-plans")
    assert (said.state, "c" in said.en, "只录制，从不分析" in said.zh) == ("warn", True, True)
