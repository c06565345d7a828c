"""README quotes what the code does: its JSON is generated, its commands exist."""

import re
import runpy
from pathlib import Path

import msgspec

from edge_agent.cli import parser
from edge_agent.config import Config, Speech

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_message_shown_is_the_message_sent() -> None:
    script = runpy.run_path(str(ROOT / "tests" / "samples" / "make_readme.py"))
    assert script["block"]() in README, "run: python tests/samples/make_readme.py"


def test_every_command_it_names_parses() -> None:
    known = parser().format_help()
    named = set(re.findall(r"edge-agent ([a-z]+)", README))
    assert {"demo", "why", "status"} <= named
    assert named <= set(re.findall(r"^    ([a-z]+)", known, re.MULTILINE))


def test_every_ability_is_listed_with_its_switch_and_a_benchmark_that_is_there() -> None:
    rows = re.findall(r"^\| (`(?:speech\.|\[live).+?) \| .+ \| (.+) \|$", README, re.MULTILINE)
    switches = {f"speech.{one.name}" for one in msgspec.structs.fields(Speech) if one.type is bool}
    named = {name for key, _ in rows for name in re.findall(r"`(.+?)`", key)}
    assert switches <= named
    assert {name for name in named if name.startswith("speech.")} <= {f"speech.{one}" for one in Speech.__struct_fields__}
    assert all(getattr(Config().speech, name.removeprefix("speech.")) is True for name in switches)
    files = {name for _, benches in rows for name in re.findall(r"`(.+?)`", benches)}
    assert len(files) >= 8
    assert [name for name in files if not (ROOT / "tests" / "benchmarks" / name).is_file()] == []
