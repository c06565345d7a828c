"""sync/README.md as a failing test: its JSON is the golden JSON, its code runs, its tables name what there is."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from region_world import Box
from sync_world import BOX_PUBLIC, HQ_PUBLIC, an_hq

from edge_agent import cli as box_cli
from edge_sync import mosquitto, signing, topics
from edge_sync.cli import _parser, main
from edge_sync.store import GatewayLine

ROOT = Path(__file__).parents[2]
README = (ROOT / "sync" / "README.md").read_text(encoding="utf-8")
GOLDEN = ROOT / "tests" / "golden" / "wire"


def blocks(language: str) -> list[str]:
    return [text for kind, text in re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL) if kind == language]


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


def commands() -> list[list[str]]:
    """Every command shown, in order, as words."""
    return [line.split("#")[0].split() for block in blocks("sh") for line in block.splitlines()]


def test_commands_shown_parse() -> None:
    parsers = {"edge-hq": _parser(), "edge-agent": box_cli.parser()}
    assert len(commands()) > 15
    for program, *words in commands():
        parsers[program].parse_args(words)


def test_commands_shown_do_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole page, from the CA to the revocation, in one folder; only what needs a gateway that speaks is left out."""
    box = Box(tmp_path / "box", "gateway-1")
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(box.config))
    monkeypatch.chdir(tmp_path)
    mains, code = {"edge-hq": main, "edge-agent": box_cli.main}, ""
    for program, *words in commands():
        if words[0] in {"sink", "replay", "rebirth"} or words[:2] == ["audit", "export"]:
            continue
        capsys.readouterr()
        assert mains[program]([code if word == "CODE" else word for word in words]) == 0, words
        said = capsys.readouterr().out
        code = said.splitlines()[0] if words[0] == "claim" else code
    assert Path("broker/acl").read_text().count("user ") == 2  # HQ's own: the gateway was revoked in the end


def test_access_rules_shown_are_the_generated_ones() -> None:
    line = GatewayLine(
        gateway="gateway-1", tenant="demo", key="", revoked=False, state="", seen_at=None, epoch="", highest=0, committed=0
    )
    (shown,) = blocks("")
    assert mosquitto.access([line], []).endswith(shown)


def test_every_table_and_every_topic_is_named(tmp_path: Path) -> None:
    an_hq(tmp_path / "hq.db").close()
    tables = {
        name for (name,) in sqlite3.connect(tmp_path / "hq.db").execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    assert all(f"`{name}`" in README for name in tables - {"meta"})
    assert all(f"`…/{leaf}`" in README for leaf in topics.GATEWAY_WRITES | {"committed", "witness", "cmd/replay", "cmd/rebirth"})
