"""sync/README.md as a failing test: its JSON is the golden JSON, its code runs, its tables name what there is."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from sync_world import BOX_PUBLIC, HQ_PUBLIC, an_hq

from edge_sync import signing, topics
from edge_sync.cli import _parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "sync" / "README.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "golden" / "wire"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_json_examples_are_messages_that_were_really_sealed() -> None:
    assert [json.loads(block) for block in blocks("json")] == [
        json.loads((GOLDEN / name).read_text()) for name in ("tags.json", "committed.json")
    ]


def test_verification_example_accepts_what_is_signed_and_nothing_else() -> None:
    room: dict = {}
    exec(blocks("python")[0], room)
    golden = (GOLDEN / "tags.json").read_bytes()
    box, hq = signing.text_of(BOX_PUBLIC), signing.text_of(HQ_PUBLIC)
    assert room["verified"](golden, box)["type"] == "cn.sx.tags.v1"
    assert room["verified"]((GOLDEN / "tags-packed.zst").read_bytes(), box)["data"]["consent"] == "notice"
    assert room["verified"]((GOLDEN / "committed.json").read_bytes(), hq)["seq"] == 42
    with pytest.raises(InvalidSignature):
        room["verified"](golden.replace(b"customer", b"the-rep!"), box)
    with pytest.raises(InvalidSignature):
        room["verified"](golden, hq)
    with pytest.raises(ValueError, match="not signed"):
        room["verified"]((GOLDEN / "state.json").read_bytes() * 3, box)


def test_library_example_runs() -> None:
    golden = (GOLDEN / "tags.json").read_bytes()
    exec(blocks("python")[1], {"golden": golden, "public_key": signing.text_of(BOX_PUBLIC)})


def test_verification_example_is_as_short_as_it_claims_to_be() -> None:
    assert len(blocks("python")[0].split("def verified")[1].strip().splitlines()) <= 15


def test_commands_shown_parse() -> None:
    for line in blocks("sh")[0].splitlines():
        _parser().parse_args(line.split("#")[0].split()[1:])


def test_every_table_and_every_topic_is_named(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    tables = {
        name for (name,) in sqlite3.connect(tmp_path / "hq.db").execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    assert all(f"`{name}`" in README for name in tables - {"meta"})
    assert all(f"`…/{leaf}`" in README for leaf in topics.UP_LEAVES | topics.KEPT_LEAVES | {"cmd/replay", "cmd/rebirth"})
