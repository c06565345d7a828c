"""An opening from the manager's intent to the receipts, on a real box: what is logged, who is told, and what ends it."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from ledger_world import TurnableClock, analysis, memory_folder, recording, sealed

from edge_agent import app, duties, ids, opening, pipeline
from edge_agent.config import Config
from edge_agent.domain.notes import Notes
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.errors import BadConfig, BadInput, LedgerBroken, NotAllowed, NotFound, Refused, SealBroken
from edge_agent.ledger.book import SqliteLedger
from edge_agent.provision import officers, provision
from edge_agent.vault import intent, receipt, window
from edge_agent.vault import request as requests
from edge_agent.vault.managers import Manager
from edge_agent.vault.release import release
from edge_agent.vault.span import Span, Uptime
from edge_agent.vault.x25519 import Identity

LEGAL, HR, MANAGER, STRANGER = (Identity.generate() for _ in range(4))
CONTENT = b"what was said " * 5000
PURPOSE = "客户投诉复核 complaint 4711"


@dataclass(frozen=True)
class Desk:
    """A box with one closed object, and the files that people carry to and from it."""

    settings: Config
    object_id: str
    folder: Path

    def intent(self, who: Identity = MANAGER, **change: object) -> Path:
        given = {"purpose": PURPOSE, "hours": 2, "minutes": 10, "now": datetime.now(UTC)} | change
        path = self.folder / f"{ids.new_id()}.intent"
        path.write_bytes(intent.intend(who, self.object_id, **given))  # type: ignore[arg-type]
        return path

    def asked(self) -> Path:
        """A manager's request."""
        output = self.folder / f"{ids.new_id()}.request"
        opening.request_for(self.settings, self.intent(), output=output)
        return output

    def shares(self, request: Path) -> list[Path]:
        paths = []
        for officer in (LEGAL, HR):
            path = self.folder / f"{ids.new_id()}.share"
            path.write_bytes(msgspec.json.encode(release(request.read_bytes(), officer, now=datetime.now(UTC))))
            paths.append(path)
        return paths

    def opened(self) -> str:
        request = self.asked()
        name = named(request)
        opening.open_(self.settings, name, shares=self.shares(request))
        return name

    def out(self) -> Path:
        return self.folder / ids.new_id()

    def log(self, *kinds: str) -> list[tuple[str, dict[str, object]]]:
        connection = app.ledger(self.settings, app.keys(self.settings))
        try:
            rows = connection._read(lambda tx: tx.execute("SELECT kind, body FROM audit ORDER BY seq").fetchall())
        finally:
            connection.close()
        return [(kind, json.loads(body)) for kind, body in rows if kind in kinds]

    def refusals(self) -> list[object]:
        return [body["reason"] for _, body in self.log("opening.refused")]


def named(request: Path) -> str:
    return str(json.loads(request.read_bytes())["id"])


@pytest.fixture
def desk() -> Iterator[Desk]:
    with memory_folder() as folder:
        settings = Config(state=str(folder / "state"))
        provision(settings, legal=[str(LEGAL)], hr=[str(HR)])
        opening.managers(settings, add=[str(Manager.of(MANAGER))], remove=[])
        vault, object_id = app.vault(settings, app.keys(settings)), ids.new_id()
        vault.seal(object_id, [CONTENT], retention="call")
        vault.close(object_id)
        yield Desk(settings, object_id, folder)


def test_a_manager_asks_both_release_and_the_box_opens_for_the_approved_time(desk: Desk) -> None:
    request = desk.asked()
    name = named(request)
    opened = opening.open_(desk.settings, name, shares=desk.shares(request))
    left = datetime.fromisoformat(opened.until) - datetime.now(UTC)
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    outputs = [desk.out(), desk.out()]
    assert [opening.view(desk.settings, name, output=path).views for path in outputs] == [1, 2]
    assert [path.read_bytes() for path in outputs] == [CONTENT, CONTENT]
    ended = opening.end(desk.settings, name)
    assert (ended.views, ended.reason) == (2, "ended")
    assert opening.end(desk.settings, name) == ended
    with pytest.raises(NotAllowed, match="no window is open"):
        opening.view(desk.settings, name, output=desk.out())
    kinds = ("opening.requested", "object.opened", "opening.viewed", "opening.ended", "opening.refused")
    assert [kind for kind, _ in desk.log(*kinds)] == [
        "opening.requested", "object.opened", "opening.viewed", "opening.viewed", "opening.ended", "opening.refused",
    ]  # fmt: skip
    (_, said), *_ = desk.log("object.opened")
    assert (said["requester"], said["legal"], said["hr"]) == (MANAGER.recipient.fingerprint, str(LEGAL), str(HR))


def test_open_transcript_tells_why_not_without_a_quote(desk: Desk) -> None:
    settings, keys = desk.settings, app.keys(desk.settings)
    call, text = recording(), ids.new_id()
    said = Utterance(start_ms=0, end_ms=900, speaker=Speaker.REP, text="这个太贵了")
    spoken = Transcript(model="m", model_digest="", duration_ms=900, rtf=0.1, utterances=(said,))
    vault, ledger = app.vault(settings, keys), app.ledger(settings, keys)
    ledger.captured(call)
    ledger.sealed(call.id, sealed(call.id))
    vault.seal(text, [pipeline.written(spoken, Notes())], retention="transcript")
    vault.close(text)
    ledger.analysed(call.id, analysis((), transcript_object=text))
    ledger.close()
    name = replace(desk, object_id=text).opened()
    told = opening.why_not(settings, name, "price.objection")
    assert (told.fired, told.basis) == (False, "text")
    assert "not said by customer" in told.en[0]
    assert "太贵" not in "".join(told.zh)
    assert [body["wrote"] for _, body in desk.log("opening.viewed")] == ["reasons"]
    opening.end(settings, name)
    with pytest.raises(NotAllowed, match="no window is open"):
        opening.why_not(settings, name, "price.objection")
    with pytest.raises(NotAllowed, match="no transcript"):
        opening.why_not(settings, desk.opened(), "price.objection")


def test_the_list_shows_who_when_and_how_often(desk: Desk) -> None:
    name = desk.opened()
    opening.view(desk.settings, name, output=desk.out())
    waiting = named(desk.asked())
    first, second = opening.listed(desk.settings).openings
    assert (first.request, first.state, first.views) == (name, "open", 1)
    assert (first.legal, first.hr) == (LEGAL.recipient.fingerprint, HR.recipient.fingerprint)
    assert (second.request, second.state, second.legal, second.opened_at) == (waiting, "asked", "", "")


def test_unseal_is_open_view_and_end_in_one(desk: Desk) -> None:
    request, output = desk.asked(), desk.out()
    assert opening.unseal(desk.settings, desk.object_id, shares=desk.shares(request), output=output, identity=False).bytes
    assert output.read_bytes() == CONTENT
    (line,) = opening.listed(desk.settings).openings
    assert (line.state, line.ended, line.views) == ("ended", "ended", 1)
    assert list(window.place(desk.settings.paths.run).iterdir()) == []


@pytest.mark.parametrize(("identity", "wrote"), [(False, "content"), (True, "identity")])
def test_log_list_and_receipts_say_whether_the_key_itself_was_handed_out(identity: bool, wrote: str, desk: Desk) -> None:
    request, folder = desk.asked(), desk.out()
    opening.unseal(desk.settings, desk.object_id, shares=desk.shares(request), output=desk.out(), identity=identity)
    ((_, leaf),) = desk.log("opening.viewed")
    (line,) = opening.listed(desk.settings).openings
    opening.receipts(desk.settings, named(request), folder=folder)
    said = receipt.check((folder / "receipt-legal.json").read_bytes(), app.keys(desk.settings).public)
    assert (leaf["wrote"], line.views, line.key_views, said.views, said.key_views) == (wrote, 1, identity, 1, identity)


def test_an_output_that_cannot_be_written_costs_nothing(desk: Desk) -> None:
    precious = desk.folder / "precious"
    precious.write_text("precious")
    for output, error in ((precious, NotAllowed), (desk.folder / "no/folder", BadInput)):
        with pytest.raises(error):
            opening.request_for(desk.settings, desk.intent(), output=output)
    request = desk.asked()
    shares = desk.shares(request)
    with pytest.raises(NotAllowed, match="exists already"):
        opening.unseal(desk.settings, desk.object_id, shares=shares, output=precious, identity=False)
    opening.unseal(desk.settings, desk.object_id, shares=shares, output=desk.out(), identity=False)
    assert len(opening.listed(desk.settings).openings) == 1


def test_where_no_manager_is_enrolled_the_box_asks_and_that_is_said(desk: Desk) -> None:
    output = desk.out()
    with pytest.raises(NotAllowed, match="a manager asks"):
        opening.request(desk.settings, desk.object_id, purpose="p", hours=1, output=output)
    opening.managers(desk.settings, add=[], remove=[MANAGER.recipient.fingerprint])
    opening.request(desk.settings, desk.object_id, purpose="p", hours=1, output=output)
    assert json.loads(output.read_bytes())["requester"] == "box"
    assert [body["requester"] for _, body in desk.log("opening.requested")] == ["box"]
    opening.unseal(desk.settings, desk.object_id, shares=desk.shares(output), output=desk.out(), identity=False)
    assert [body["count"] for _, body in desk.log("managers.enrolled")] == [1, 0]
    assert desk.refusals() == ["manager-needed"]


def test_only_an_enrolled_manager_asks_and_only_once_for_each_intent(desk: Desk) -> None:
    once = desk.intent()
    opening.request_for(desk.settings, once, output=desk.out())
    with pytest.raises(NotAllowed, match="was used"):
        opening.request_for(desk.settings, once, output=desk.out())
    name = json.loads(once.read_bytes())["id"]
    opening.end(desk.settings, name)
    with pytest.raises(NotAllowed, match="was used"):  # also after its session is gone
        opening.request_for(desk.settings, once, output=desk.out())
    late = datetime.now(UTC) - timedelta(hours=3)
    refused: list[tuple[Path, str]] = [
        (desk.intent(STRANGER), "no manager of this box"), (desk.intent(LEGAL), "an officer cannot ask"),
        (desk.intent(now=late), "has expired"),
    ]  # fmt: skip
    for path, message in refused:
        with pytest.raises(NotAllowed, match=message):
            opening.request_for(desk.settings, path, output=desk.out())
    changed = desk.intent()
    changed.write_bytes(changed.read_bytes().replace(b"4711", b"4712"))
    with pytest.raises(SealBroken, match="intent: the signature does not verify"):
        opening.request_for(desk.settings, changed, output=desk.out())
    assert desk.refusals() == ["used", "used", "not-a-manager", "requester-is-officer", "expired", "seal-broken"]
    assert list((desk.settings.paths.keys / "sessions").iterdir()) == []


def test_a_manager_whose_clock_is_ahead_gets_no_longer_request(desk: Desk) -> None:
    ahead = desk.intent(now=datetime.now(UTC) + timedelta(days=365))
    with pytest.raises(BadInput, match="168 hours"):
        opening.request_for(desk.settings, ahead, output=desk.out())


def test_the_officers_see_what_the_manager_signed(desk: Desk) -> None:
    said = json.loads(desk.asked().read_bytes())
    assert (said["purpose"], said["minutes"], said["requester"]) == (PURPOSE, 10, str(Manager.of(MANAGER)))


def test_every_refused_opening_is_logged_with_its_reason(desk: Desk) -> None:
    request = desk.asked()
    name, (legal, hr) = named(request), desk.shares(request)
    other_request = desk.asked()
    legal_2, hr_2 = desk.shares(other_request)
    attempts: list[tuple[str, list[Path]]] = [
        ("not-two", [legal]), ("one-role", [legal, legal]), ("other-request", [legal, hr_2]), ("other-request", [legal_2, hr_2]),
    ]  # fmt: skip
    for _, shares in attempts:
        with pytest.raises(NotAllowed):
            opening.open_(desk.settings, name, shares=shares)
    with pytest.raises(NotFound):
        opening.open_(desk.settings, "somebody's words", shares=[legal, hr])
    with pytest.raises(NotAllowed):
        opening.view(desk.settings, name, output=desk.out())
    opening.open_(desk.settings, name, shares=[legal, hr])
    with pytest.raises(NotAllowed):
        opening.open_(desk.settings, name, shares=[legal, hr])
    assert desk.refusals() == [*(reason for reason, _ in attempts), "not-found", "window-over", "used"]
    assert all("words" not in json.dumps(body) for _, body in desk.log("opening.refused"))


def test_a_request_for_an_object_that_is_not_here_is_refused_and_logged(desk: Desk) -> None:
    other = Desk(desk.settings, ids.new_id(), desk.folder)
    with pytest.raises(NotFound):
        other.asked()
    assert desk.log("opening.refused")[-1][1] | {"request": ""} == {
        "object": other.object_id, "reason": "not-found", "step": "request", "request": "",
    }  # fmt: skip


# The worker's duty ------------------------------------------------------------------------------------------------------------


def age_window(desk: Desk, name: str, **by: float) -> Path:
    """As if the window had begun earlier."""
    path = window.place(desk.settings.paths.run) / f"{name}.json"
    kept = msgspec.json.decode(path.read_bytes(), type=window.Window)
    span, back = kept.span, timedelta(**by)
    moved = Span(
        begun_at=span.begun_at - back, ends_at=span.ends_at - back, boot=span.boot,
        up_ms=span.up_ms - int(back.total_seconds() * 1000),
    )  # fmt: skip
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(kept, span=moved)))
    return path


def tend(desk: Desk, *, after: timedelta = timedelta(0), gone: Sequence[str] = ()) -> None:
    """What the worker's duty does, `after` so long."""
    keys, clock = app.keys(desk.settings), TurnableClock(at=datetime.now(UTC) + after)
    ledger = SqliteLedger.open(
        desk.settings.paths.ledger, gateway=desk.settings.gateway, tenant=desk.settings.tenant, sign=keys.sign, clock=clock
    )
    box = app.Box(
        settings=desk.settings, kit=SimpleNamespace(clock=clock), keys=keys, vault=None, ledger=ledger, inbox=None,  # type: ignore[arg-type]
    )  # fmt: skip
    try:
        duties.end_windows(box, gone)
    finally:
        ledger.close()


def test_the_worker_destroys_a_window_whose_time_is_over(desk: Desk) -> None:
    name = desk.opened()
    tend(desk)
    path = age_window(desk, name, minutes=9)
    tend(desk)
    assert path.exists()
    age_window(desk, name, minutes=2)
    tend(desk)
    assert not path.exists()
    assert [body["reason"] for _, body in desk.log("opening.ended")] == ["expired"]
    (line,) = opening.listed(desk.settings).openings
    assert (line.state, line.ended) == ("ended", "expired")


def test_an_analysis_that_takes_long_does_not_keep_a_window_open(desk: Desk) -> None:
    name = desk.opened()
    path = age_window(desk, name, minutes=11)
    uptime = [100.0]
    windows = duties.Windows(desk.settings.paths.run, TurnableClock(at=datetime.now(UTC)), uptime_s=lambda: uptime[0])
    windows.tend()
    assert not path.exists()
    assert desk.log("opening.ended") == [], "an analysis runs: the ledger is not written to"
    assert windows.take() == [name]
    assert windows.take() == []
    again = desk.opened()
    path = age_window(desk, again, minutes=11)
    windows.tend()
    assert path.exists(), "a step may take a millisecond: not every one of them looks"
    uptime[0] += duties.WINDOWS_S
    windows.tend()
    assert not path.exists()
    tend(desk, gone=windows.take())
    assert [body["request"] for _, body in desk.log("opening.ended")] == [again]


def test_a_view_after_the_time_is_refused_also_before_the_worker_came(desk: Desk) -> None:
    name = desk.opened()
    path = age_window(desk, name, minutes=11)
    with pytest.raises(NotAllowed, match="no window is open"):
        opening.view(desk.settings, name, output=desk.out())
    assert not path.exists()
    assert [kind for kind, _ in desk.log("opening.ended", "opening.refused")] == ["opening.ended", "opening.refused"]


def test_a_request_that_nobody_opened_lapses(desk: Desk) -> None:
    desk.asked()
    tend(desk, after=timedelta(minutes=119))
    assert [line.state for line in opening.listed(desk.settings).openings] == ["asked"]
    tend(desk, after=timedelta(minutes=121))
    (line,) = opening.listed(desk.settings).openings
    assert (line.state, line.ended) == ("ended", "lapsed")
    assert list((desk.settings.paths.keys / "sessions").iterdir()) == []


# Receipts ---------------------------------------------------------------------------------------------------------------------


def test_requester_and_officers_are_told_who_what_when_and_how_often(desk: Desk) -> None:
    request = desk.asked()
    name = named(request)
    opening.open_(desk.settings, name, shares=desk.shares(request))
    opening.view(desk.settings, name, output=desk.out())
    opening.end(desk.settings, name)
    folder = desk.out()
    opening.receipts(desk.settings, name, folder=folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "receipt-hr.json", "receipt-legal.json", "receipt-requester.json",
    ]  # fmt: skip
    box = app.keys(desk.settings).public
    for to, officer in (("legal", LEGAL), ("hr", HR)):
        said = receipt.check_against((folder / f"receipt-{to}.json").read_bytes(), request.read_bytes(), officer)
        assert (said.to, said.object, said.views, said.ended) == (to, desk.object_id, 1, "ended")
        assert (said.requester, said.legal, said.hr) == tuple(
            one.recipient.fingerprint for one in (MANAGER, LEGAL, HR)
        )  # fmt: skip
    assert receipt.check((folder / "receipt-requester.json").read_bytes(), box).until is not None


def test_a_receipt_that_was_changed_or_is_of_another_box_or_request_is_refused(desk: Desk) -> None:
    request, other = desk.asked(), desk.asked()
    folder = desk.out()
    opening.receipts(desk.settings, named(request), folder=folder)
    raw = (folder / "receipt-legal.json").read_bytes()
    with pytest.raises(NotAllowed, match="another request"):
        receipt.check_against(raw, other.read_bytes(), LEGAL)
    with pytest.raises(NotAllowed, match="opens no share"):
        receipt.check_against(raw, request.read_bytes(), STRANGER)
    with pytest.raises(SealBroken, match="signature does not verify"):
        receipt.check(raw, bytes(31) + b"\1")
    for place in range(0, len(raw.strip()), 5):
        with pytest.raises(Refused):
            receipt.check(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :], app.keys(desk.settings).public)


# What the log holds -----------------------------------------------------------------------------------------------------------


def test_the_purpose_stays_out_of_the_ledger(desk: Desk) -> None:
    name = desk.opened()
    opening.end(desk.settings, name)
    for path in desk.settings.paths.ledger.parent.iterdir():
        assert b"complaint 4711" not in path.read_bytes()


@pytest.mark.parametrize(
    "change",
    ["views = 0", "key_views = 1", "requester = 'box'", "legal = hr", "ended = 'lapsed'", "until = '2030-01-01T00:00:00.000Z'"],
)
def test_a_row_that_says_other_than_the_log_is_found(change: str, desk: Desk) -> None:
    name = desk.opened()
    opening.view(desk.settings, name, output=desk.out())
    opening.end(desk.settings, name)
    ledger = app.ledger(desk.settings, app.keys(desk.settings))
    ledger.verify_chain()
    ledger._writer.database.write(lambda tx: tx.execute(f"UPDATE openings SET {change}"))
    with pytest.raises(LedgerBroken):
        ledger.verify_chain()
    ledger._writer.database.write(lambda tx: tx.execute("DELETE FROM openings"))
    with pytest.raises(LedgerBroken):
        ledger.verify_chain()
    ledger.close()


# Officers ---------------------------------------------------------------------------------------------------------------------


def test_new_officers_take_the_place_of_the_old_and_the_log_says_so_once(desk: Desk) -> None:
    before = app.keys(desk.settings).recipients_digest
    shown = officers(desk.settings, legal=[], hr=[])
    assert (shown.legal, shown.hr, shown.recipients) == ([LEGAL.recipient.fingerprint], [HR.recipient.fingerprint], before)
    request = desk.asked()
    shares = desk.shares(request)
    now = officers(desk.settings, legal=[str(LEGAL.recipient)], hr=[str(STRANGER.recipient)])
    keys = app.keys(desk.settings)
    assert (now.hr, now.before, now.recipients) == ([STRANGER.recipient.fingerprint], before, keys.recipients_digest)
    with pytest.raises(NotAllowed):
        opening.open_(desk.settings, named(request), shares=shares)  # HR of before is on the list no more
    officers(desk.settings, legal=[str(LEGAL.recipient)], hr=[str(STRANGER.recipient)])
    ledger = app.ledger(desk.settings, keys)
    ledger.started({"recipients": keys.recipients_digest})
    ledger.verify_chain()
    ledger.close()
    assert desk.log("recipients.changed") == [("recipients.changed", {"before": before, "after": keys.recipients_digest})]


def test_lists_of_officers_that_cannot_be_leave_the_old_ones(desk: Desk) -> None:
    before = app.keys(desk.settings).recipients
    one, two, manager = str(LEGAL.recipient), str(HR.recipient), str(MANAGER.recipient)
    for legal, hr in (([one], []), ([one, one], [two]), ([one], [one]), ([one], [manager])):
        with pytest.raises(BadConfig):
            officers(desk.settings, legal=legal, hr=hr)
    assert app.keys(desk.settings).recipients == before
    assert desk.log("recipients.changed") == []


# Managers ---------------------------------------------------------------------------------------------------------------------


def test_an_officer_is_no_manager_and_a_list_cannot_be_edited(desk: Desk) -> None:
    for text, error in ((str(Manager.of(LEGAL)), BadConfig), (str(Manager.of(MANAGER)), BadConfig), (str(LEGAL), BadInput)):
        with pytest.raises(error):
            opening.managers(desk.settings, add=[text], remove=[])
    with pytest.raises(NotFound):
        opening.managers(desk.settings, add=[], remove=["0" * 16])
    path = desk.settings.paths.keys / "managers.json"
    path.write_bytes(path.read_bytes().replace(str(Manager.of(MANAGER)).encode(), str(Manager.of(STRANGER)).encode()))
    with pytest.raises(SealBroken, match="managers: the signature does not verify"):
        opening.managers(desk.settings, add=[], remove=[])


def test_a_manager_key_is_what_its_file_says() -> None:
    text = str(Manager.of(MANAGER))
    assert Manager.parse(text) == Manager.of(Identity.parse(MANAGER.text))
    assert text.startswith("edge-manager1")
    for wrong in ("", "edge-manager1", text[:-1], str(MANAGER), text.replace("edge-manager", "edge-officer")):
        with pytest.raises(BadInput, match="not a manager"):
            Manager.parse(wrong)


# Time -------------------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
UP = Uptime("boot-1", 1_000_000)
CASES = {
    "at the start": (timedelta(0), 0, "boot-1", False),
    "in time": (timedelta(minutes=9), 540_000, "boot-1", False),
    "at its end": (timedelta(minutes=10), 600_000, "boot-1", True),
    "the clock turned back": (timedelta(minutes=1), 600_000, "boot-1", True),
    "the clock turned back before the start": (timedelta(days=-1), 600_000, "boot-1", True),
    "the clock turned back a little, in time": (timedelta(seconds=-30), 60_000, "boot-1", False),
    "the clock turned forward": (timedelta(days=1), 1_000, "boot-1", True),
    "after a reboot, in time": (timedelta(minutes=5), -999_000, "boot-2", False),
    "after a reboot, too late": (timedelta(minutes=11), -999_000, "boot-2", True),
    "after a reboot, the clock before the start": (timedelta(seconds=-1), -999_000, "boot-2", True),
}


@pytest.mark.parametrize(("passed", "up_ms", "boot", "over"), CASES.values(), ids=CASES.keys())
def test_a_span_ends_when_it_should_whoever_turns_the_clock(passed: timedelta, up_ms: int, boot: str, over: bool) -> None:
    span = Span.begin(NOW, timedelta(minutes=10), UP)
    assert span.is_over(NOW + passed, Uptime(boot, UP.ms + up_ms)) is over


def test_a_window_does_not_outlive_a_reboot_and_damaged_ones_go(desk: Desk) -> None:
    name = desk.opened()
    keys = app.keys(desk.settings)
    place, vault = window.place(desk.settings.paths.run), app.vault(desk.settings, keys)
    (place / "half.json.part").write_bytes(b"{")
    os.utime(place / "half.json.part", (time.time() - 601,) * 2)
    (place / f"{ids.new_id()}.json").write_bytes(b"\xff{")
    now = datetime.now(UTC)
    window.sweep(place, now=now)
    assert [path.stem for path in place.iterdir()] == [name]
    window.look(place, vault, name, now=now)
    with pytest.raises(NotAllowed, match="no window is open"):
        window.look(place, vault, name, now=now, up=Uptime("another boot", 1))
    assert list(place.iterdir()) == []


def test_an_open_window_is_private_and_in_memory(desk: Desk, tmp_path: Path) -> None:
    name = desk.opened()
    place = window.place(desk.settings.paths.run)
    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / f"{name}.json").stat().st_mode & 0o777 == 0o600
    assert window._is_ram(place)
    elsewhere = window.place(tmp_path / "run")
    try:
        assert window._is_ram(elsewhere)
        assert elsewhere == window.place(tmp_path / "run")
        elsewhere.chmod(0o755)
        with pytest.raises(NotAllowed, match="not ours"):
            window.place(tmp_path / "run")
    finally:
        if elsewhere.parent == Path("/dev/shm"):
            elsewhere.rmdir()


def test_the_worker_makes_no_folder_where_no_window_was_ever_open(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert window.tend(run, now=NOW) == []
    run.mkdir()
    assert window.tend(run, now=NOW) == []
    assert not window._folder(run).exists()
    place = window.place(run)
    (place / f"{ids.new_id()}.json").write_bytes(b"{")
    assert len(window.tend(run, now=NOW)) == 1
    assert not place.exists() or place.parent == run


def test_a_used_request_leaves_no_session(desk: Desk) -> None:
    request = desk.asked()
    opening.open_(desk.settings, named(request), shares=desk.shares(request))
    keys = app.keys(desk.settings)
    with pytest.raises(NotAllowed, match="it was used"):
        requests.session(keys, named(request))


def test_a_transcript_is_viewed_masked_unless_asked_otherwise_and_the_log_says_which(desk: Desk) -> None:
    said = Utterance(start_ms=0, end_ms=900, speaker=Speaker.CUSTOMER, text="我手机幺三八零零幺三八零零零")
    transcript = Transcript(model="m", model_digest="d", duration_ms=900, rtf=0.1, utterances=(said,))
    content, vault = pipeline.written(transcript, Notes()), app.vault(desk.settings, app.keys(desk.settings))
    object_id = ids.new_id()
    vault.seal(object_id, [content], retention="transcript")
    vault.close(object_id)
    shown = Desk(desk.settings, object_id, desk.folder)
    name, outputs = shown.opened(), [shown.out(), shown.out()]
    assert opening.view(desk.settings, name, output=outputs[0]).masked is True
    assert opening.view(desk.settings, name, output=outputs[1], unmasked=True).masked is False
    assert [json.loads(outputs[0].read_bytes())["utterances"][0]["text"], outputs[1].read_bytes()] == ["我手机[电话]", content]
    assert [body["wrote"] for _, body in shown.log("opening.viewed")] == ["masked", "content"]
