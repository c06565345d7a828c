"""Every outcome of every check, without a machine; then this machine, and a service's walls where there are none."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from edge_agent import doctor
from edge_agent.capture.storage import Storage
from edge_agent.cli import main
from edge_agent.config import Config
from edge_agent.doctor import kernel, uplink, walls
from edge_agent.doctor.facts import Facts, Inbox, Ledger, Link, Machine, Sound, Source, SwapDevice, Watched
from edge_agent.provision import provision
from edge_agent.vault.x25519 import Identity
from edge_sync import certificates, credentials
from edge_sync.ca import Authority
from edge_sync.link import Endpoint

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
GIB = 2**30
WELL = Facts(
    machine=Machine(
        now=NOW, latest=NOW - timedelta(days=1), synchronised=True, free_bytes=50 * GIB, media_floor_bytes=2 * GIB,
        tag_floor_bytes=GIB // 8, ballast=True, swap=(), worker_swapped_bytes=0, worker_core_bytes=0, seccomp=True, landlock=True,
    ),
    initialised=True,
    models=(("whisper-base", "ok"), ("silero-vad", "ok")),
    inbox=Inbox(exists=True, storage=Storage.MEMORY, mode=0o3770),
    worker_running=True, uplink_running=True,
    ledger=Ledger(waiting=1, parked=0, pending=3, dead=0, oldest_pending_s=60, intact=True),
    employees=4,
    link=Link(hq_key=True, tls=True, standing="good", days_left=60, trusted=True, reached=""),
    sound=Sound(sources=(Source(name="counter", present=True, recording=True),), devices=1, health_age_s=5),
    cameras=1,
)  # fmt: skip
NEW = Facts(machine=Machine(now=NOW), inbox=Inbox(exists=True, storage=Storage.MEMORY, mode=0o770))

Change = Callable[[Facts], Facts]


def machine(**facts: object) -> Change:
    return lambda well: replace(well, machine=replace(well.machine, **facts))


def inbox(**facts: object) -> Change:
    return lambda well: replace(well, inbox=replace(well.inbox, **facts))


def ledger(**facts: object) -> Change:
    return lambda well: replace(well, ledger=replace(well.ledger, **facts))


def link(**facts: object) -> Change:
    return lambda well: replace(well, link=replace(well.link, **facts))


def sound(**facts: object) -> Change:
    return lambda well: replace(well, sound=replace(well.sound, **facts))


def box(**facts: object) -> Change:
    return lambda well: replace(well, **facts)


PLAIN_SWAP = (SwapDevice(storage=Storage.PLAIN, used_bytes=0),)
SAFE_SWAP = (SwapDevice(storage=Storage.MEMORY, used_bytes=0), SwapDevice(storage=Storage.ENCRYPTED, used_bytes=1))
CASES: list[tuple[str, str, Change]] = [
    ("clock", "fail", machine(latest=NOW + timedelta(hours=1))),
    ("clock", "ok", machine(latest=NOW + timedelta(seconds=30))),
    ("clock", "warn", machine(synchronised=False)),
    ("clock", "unknown", machine(synchronised=None)),
    ("disk", "fail", machine(free_bytes=GIB)),
    ("disk", "fail", machine(free_bytes=GIB // 16)),
    ("disk", "warn", machine(ballast=False)),
    ("disk", "unknown", machine(free_bytes=None)),
    ("swap", "fail", machine(swap=PLAIN_SWAP)),
    ("swap", "fail", machine(worker_swapped_bytes=4096)),
    ("swap", "ok", machine(swap=SAFE_SWAP)),
    ("swap", "unknown", machine(swap=None)),
    ("swap", "warn", lambda well: inbox(storage=Storage.ENCRYPTED)(machine(swap=PLAIN_SWAP)(well))),
    ("core-dumps", "fail", machine(worker_core_bytes=-1)),
    ("core-dumps", "unknown", machine(worker_core_bytes=None)),
    ("confinement", "fail", machine(landlock=False)),
    ("confinement", "fail", machine(seccomp=False)),
    ("confinement", "unknown", machine(seccomp=None)),
    ("keys", "fail", box(initialised=False)),
    ("keys", "fail", box(keys_open=("signing.key",))),
    ("models", "fail", box(models=(("whisper-base", "damaged"),))),
    ("models", "fail", box(models=(("whisper-base", "missing"),))),
    ("models", "unknown", box(models=())),
    ("voices", "ok", box(voices="ok")),
    ("voices", "warn", box(voices="missing")),
    ("voices", "warn", box(voices="damaged")),
    ("inbox", "fail", box(inbox=Inbox(exists=False))),
    ("inbox", "fail", inbox(mode=0o777)),
    ("inbox", "fail", inbox(storage=Storage.PLAIN)),
    ("inbox", "warn", inbox(storage=Storage.PLAIN, allow_plain=True)),
    ("inbox", "warn", inbox(storage=Storage.UNKNOWN)),
    ("inbox", "warn", inbox(late=2)),
    ("inbox", "warn", inbox(touches=2)),
    ("inbox", "ok", inbox(storage=Storage.ENCRYPTED)),
    ("processes", "fail", box(worker_running=False)),
    ("processes", "fail", box(uplink_running=False)),
    ("processes", "ok", lambda well: link(hq_key=False)(replace(well, uplink_running=False))),
    ("processes", "warn", box(worker_running=False, initialised=False)),
    ("processes", "unknown", box(worker_running=None, uplink_running=None)),
    ("recordings", "warn", ledger(waiting=51)),
    ("recordings", "warn", ledger(parked=1)),
    ("recordings", "fail", box(ledger=None)),
    ("recordings", "unknown", box(ledger=None, initialised=False)),
    ("audit", "fail", ledger(intact=False)),
    ("audit", "fail", box(ledger=None)),
    ("register", "warn", box(employees=0)),
    ("register", "fail", box(employees=0, employees_required=True)),
    ("register", "unknown", box(employees=None, initialised=False)),
    ("certificate", "warn", link(tls=False)),
    ("certificate", "unknown", link(tls=False, hq_key=False)),
    ("certificate", "warn", link(standing="due", days_left=20)),
    ("certificate", "fail", link(standing="expired")),
    ("certificate", "fail", link(standing=None)),
    ("certificate", "fail", link(trusted=False)),
    ("certificate", "fail", link(key_open=True)),
    ("broker", "warn", link(hq_key=False)),
    ("broker", "warn", link(reached="timeout")),
    ("broker", "fail", link(reached="tls")),
    ("broker", "unknown", link(reached=None)),
    ("outbox", "warn", ledger(dead=1)),
    ("outbox", "warn", ledger(oldest_pending_s=3 * 3600)),
    ("outbox", "fail", ledger(oldest_pending_s=8 * 24 * 3600)),
    ("outbox", "ok", ledger(pending=0, oldest_pending_s=None)),
    ("microphones", "fail", sound(sources=(Source(name="counter", present=False),))),
    ("microphones", "fail", sound(devices=None)),
    ("microphones", "fail", sound(health_age_s=None)),
    ("microphones", "fail", sound(health_age_s=3600)),
    ("microphones", "warn", sound(sources=(Source(name="counter", present=True, recording=True, losses=3),))),
    ("microphones", "warn", sound(sources=(Source(name="counter", present=True, recording=False),))),
    ("microphones", "ok", sound(sources=())),
    ("cameras", "unknown", box(cameras=None)),
    ("cameras", "ok", box(watched=(Watched(name="cam-1", state="recording"), Watched(name="cam-2", state="closed")))),
    ("cameras", "fail", box(watched=(Watched(name="cam-1", state="lost"), Watched(name="cam-2", state="recording")))),
    ("cameras", "fail", box(watched=(Watched(name="cam-1", state="off"),))),
    ("cameras", "warn", box(watched=(Watched(name="cam-1", state="recording", dropped=3),))),
    ("cameras", "warn", box(watched=(Watched(name="cam-1", state="recording", in_clear=True),))),
    ("camera-plans", "ok", box(watched=(Watched(name="cam-1", state="recording"),))),
    ("camera-plans", "warn", box(watched=(Watched(name="cam-1", state="recording", idle="basis"),))),
    ("camera-plans", "warn", box(watched=(Watched(name="cam-1", state="off", idle="plan"),))),
]


def states(facts: Facts) -> dict[str, str]:
    return {one.check: one.state for one in doctor.examine(facts)}


def test_a_healthy_box_is_all_well() -> None:
    assert set(states(WELL).values()) == {"ok"}
    assert len(states(WELL)) == len(doctor.CHECKS)


@pytest.mark.parametrize(("check", "state", "change"), CASES, ids=[f"{c}-{s}-{n}" for n, (c, s, _) in enumerate(CASES)])
def test_each_outcome(check: str, state: str, change: Change) -> None:
    assert states(change(WELL))[check] == state


def test_every_check_can_fail_or_warn_or_be_unknown() -> None:
    assert {check for check, state, _ in CASES if state != "ok"} == set(states(WELL))


def test_whoever_is_told_of_trouble_is_told_what_to_do() -> None:
    for _, _, change in CASES:
        for one in doctor.examine(change(WELL)):
            assert one.zh, one.check
            assert one.en, one.check
            if one.state == "fail":
                assert one.remedy, one.check
                assert one.remedy_zh, one.check


def test_a_new_machine_fails_only_where_the_installer_is_not_done() -> None:
    found = states(NEW)
    assert {check for check, state in found.items() if state == "fail"} == {"keys"}
    assert found["audit"] == found["outbox"] == found["recordings"] == "unknown"


def test_this_machine_can_be_asked_in_any_state(tmp_path: Path) -> None:
    found = doctor.diagnose(Config(state=str(tmp_path)))
    assert [one.check for one in found.checks] == list(states(WELL))
    assert not found.ok


@pytest.fixture
def initialised(tmp_path: Path) -> Config:
    settings = Config(state=str(tmp_path / "state"))
    provision(settings, legal=[str(Identity.generate().recipient)], hr=[str(Identity.generate().recipient)])
    return settings


def test_an_initialised_box_is_read_as_it_is(initialised: Config) -> None:
    said = {one.check: one for one in doctor.diagnose(initialised).checks}
    assert said["keys"].state == "ok"
    assert said["audit"].state == "ok"
    assert said["register"].state == "warn"
    assert said["recordings"].state == "ok"
    assert said["processes"].state == "fail"
    (initialised.paths.keys / "signing.key").chmod(0o644)
    said = {one.check: one for one in doctor.diagnose(initialised).checks}
    assert said["keys"].state == "fail"


def test_the_command_prints_one_document_and_fails_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", str(tmp_path), "doctor", "--json"]) == 1
    assert {one["check"] for one in json.loads(capsys.readouterr().out)["checks"]} == set(states(WELL))


SWAPS = """\
Filename				Type		Size		Used		Priority
/dev/zram0                              partition	8000		100		5
/dev/not-there-1                        partition	8000		0		-2
"""


def test_swap_areas_are_told_apart() -> None:
    assert kernel.swap_devices(SWAPS) == (
        SwapDevice(storage=Storage.MEMORY, used_bytes=102400),
        SwapDevice(storage=Storage.UNKNOWN, used_bytes=0),
    )


def test_the_kernel_is_asked_for_its_walls_without_building_any() -> None:
    assert kernel.has_seccomp() in {True, False}
    assert kernel.has_landlock() in {True, False}
    assert kernel.clock_synchronised() in {True, False, None}


def test_a_broker_that_answers_and_one_that_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        here = Endpoint(host="127.0.0.1", port=door.getsockname()[1])
        assert uplink.reached(here) == ""
    assert uplink.reached(here) == "refused"


def enrolled(folder: Path, *, ago: timedelta = timedelta(0), ca: Path | None = None) -> Config:
    """A box that holds a certificate issued so long ago, beside the CA in `ca` (its own by default)."""
    settings = Config(state=str(folder / "state"))
    authority, key = Authority.create(folder / "ca"), certificates.new_key()
    issued = authority.gateway("gateway-1", "demo", key.public_key(), now=datetime.now(UTC) - ago)
    settings.paths.uplink.mkdir(parents=True)
    (settings.paths.uplink / "hq.pub").write_text("x")
    credentials.install(
        settings.paths.tls,
        credentials.Issued(
            name="1", key=certificates.key_pem(key), certificate=issued.public_bytes(certificates.PEM),
            ca=((ca or folder / "ca") / "ca.pem").read_bytes(), broker=credentials.Broker(host="127.0.0.1", port=1),
        ),
    )  # fmt: skip
    return settings


@pytest.mark.parametrize(("days", "standing"), [(0, "good"), (70, "due"), (100, "expired")])
def test_the_certificate_is_read_as_it_is(tmp_path: Path, days: int, standing: str) -> None:
    found = uplink.link(enrolled(tmp_path, ago=timedelta(days=days)))
    assert (found.standing, found.trusted, found.key_open, found.reached) == (standing, True, False, "refused")


def test_a_certificate_by_another_ca_and_an_open_key_are_seen(tmp_path: Path) -> None:
    Authority.create(tmp_path / "other")
    settings = enrolled(tmp_path, ca=tmp_path / "other")
    (settings.paths.tls / "key.pem").chmod(0o644)
    found = uplink.link(settings)
    assert (found.trusted, found.key_open) == (False, True)


def test_a_damaged_enrolment_is_said(tmp_path: Path) -> None:
    settings = enrolled(tmp_path)
    (settings.paths.tls / "certificate.pem").write_text("nonsense")
    assert states(Facts(machine=Machine(now=NOW), link=uplink.link(settings)))["certificate"] == "fail"
    (settings.paths.tls / "broker.json").write_text("nonsense")
    assert states(Facts(machine=Machine(now=NOW), link=uplink.link(settings)))["certificate"] == "fail"


def _hang_up(door: socket.socket) -> None:
    line, _ = door.accept()
    line.recv(1)
    line.shutdown(socket.SHUT_RDWR)
    line.close()


def test_a_broker_that_hangs_up_in_the_handshake_is_no_broker(tmp_path: Path) -> None:
    Authority.create(tmp_path / "ca")
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = Thread(target=_hang_up, args=(door,))
        thread.start()
        end = Endpoint(host="127.0.0.1", port=door.getsockname()[1], ca=str(tmp_path / "ca" / "ca.pem"))
        assert uplink.reached(end) in {"tls", "refused"}
        thread.join()


@pytest.mark.parametrize("role", ["worker", "uplink", "capture"])
def test_where_there_are_no_walls_their_absence_is_seen(initialised: Config, role: walls.Role) -> None:
    (initialised.paths.models / "any").mkdir(parents=True)
    found = {one.wall: one.holds for one in walls.look(initialised, role).walls}
    assert found["no new privileges"] is False
    assert found["system calls filtered"] is False
    if role != "worker":
        assert found["keys hidden"] is False
        assert found["vault hidden"] is False or not initialised.paths.vault.exists()
        assert found["models hidden"] is False
    if role == "uplink":
        assert found["ledger read-only"] is False
        assert not initialised.paths.ledger.with_name(".probe").exists()
    if role != "uplink":
        assert found["address families"] is False
