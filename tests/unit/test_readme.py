"""README quotes what the code does: its JSON is generated, its commands exist."""

import re
import runpy
from pathlib import Path

from edge_agent.cli import parser

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
