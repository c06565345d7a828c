"""A box of `box_world` that also takes touch documents, with a small real tagger: the golden seed and events about touches."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from box_world import BoxWorld

from edge_agent.capture import touch
from edge_agent.capture.spool import Spool, Together
from edge_agent.domain.recording import Recording
from edge_agent.lexicon.load import load
from edge_agent.pipeline import Kit
from edge_agent.tagging.tagger import RuleTagger

SEED = Path(__file__).parents[1] / "golden" / "tagging" / "seed"
EVENT = """
[[event]]
id = "{id}"
zh = "触点"
en = "touch"
definition = "…"
source = "{source}"
speaker = "{speaker}"
kind = "{kind}"
severity = "{severity}"
layer = "{layer}"
{rest}
[event.examples]
must = ["{must}"]
must_not = ["{must_not}"]
"""
OPENED = 'temporal = { all = ["open_count >= 1", "dwell_s >= 3", "internal_viewer == false"] }'
UNANSWERED = 'temporal = { all = ["last_from_customer == true", "substantive == true", "idle_h >= 24"] }'
LATE = 'temporal = { all = ["marketing == true"], any = ["local_hour >= 22", "local_hour < 8"] }'
SINGLE = 'temporal = { all = ["active_contacts == 1", "b2b == true"] }'
SENT = '[event.match]\npatterns = ["\\\\[文件\\\\].{0,20}报价单"]'
SAYS = "open_count=1; dwell_s=3; internal_viewer=false"


def _event(name: str, source: str, speaker: str, weight: str, rest: str, **more: str) -> str:
    severity, layer = weight.split()
    facts = {"kind": "metric", "must": SAYS, "must_not": SAYS, **more}
    return EVENT.format(id=name, source=source, speaker=speaker, severity=severity, layer=layer, rest=rest, **facts)


FILES = {
    "document": _event("document.pdf_opened", "document", "customer", "info none", OPENED)
    + _event(
        "document.quote_sent",
        "document",
        "rep",
        "info none",
        SENT,
        kind="occurrence",
        must="[文件]报价单 已发送",
        must_not="报价单我晚点发您",
    ),
    "chat": _event("chat.customer_unanswered_24h", "chat", "rep", "critical alert", UNANSWERED)
    + _event("chat.off_hours_push", "chat", "rep", "notice tip", LATE),
    "process": _event("process.single_threaded", "process", "rep", "notice tip", SINGLE),
}


@cache
def tagger() -> RuleTagger:
    with TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        events.mkdir()
        for family, text in FILES.items():
            (events / f"{family}.toml").write_text(f'family = "{family}"\n{text}', encoding="utf-8")
        return RuleTagger(load(SEED, Path(folder)))


def document(**changes: Any) -> dict[str, Any]:
    """A document that stands; a change to None leaves the key out."""
    plain = {
        "schema": "edge-agent/touch/1", "id": "m-1", "channel": "document", "at": "2026-11-20T09:30:00+08:00",
        "consent": {"basis": "written"}, "facts": {"open_count": 1, "dwell_s": 25.5, "internal_viewer": False},
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def chat(*lines: tuple[str, float, str], at: datetime, **changes: Any) -> dict[str, Any]:
    """A talk in writing: (from, minutes after `at`, text)."""
    messages = [{"at": (at + timedelta(minutes=minutes)).isoformat(), "from": who, "text": text} for who, minutes, text in lines]
    return document(**{"channel": "wechat", "at": at.isoformat(), "messages": messages, "facts": None, "ended": True, **changes})


def raw(given: object) -> bytes:
    return json.dumps(given, ensure_ascii=False).encode()


class TouchWorld(BoxWorld):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.read = partial(touch.read, names=tagger().delivered, pseudonym=self.pseudonym)
        files, self.spool = self.arrivals, Spool(self.inbox, self.read)
        both = Together(_Inbox(files), self.spool)
        self.arrivals = both.arrivals

    @property
    def kit(self) -> Kit:
        return replace(super().kit, tagger=tagger())

    def deliver(self, given: object, *, name: str = "t") -> None:
        part = self.inbox / f".{name}.part"
        part.write_bytes(given if isinstance(given, bytes) else raw(given))
        part.rename(self.inbox / f"{name}.touch.json")

    def touch(self, given: object) -> Recording:
        """One document, delivered and worked on."""
        self.deliver(given)
        (done,) = self.work()
        return done

    def codes(self, recording: Recording) -> list[str]:
        return [row[0] for row in self.query(f"SELECT code FROM tags WHERE recording = '{recording.id}' ORDER BY start_ms, code")]


class _Inbox:
    def __init__(self, arrivals: Any) -> None:
        self.arrivals = arrivals
