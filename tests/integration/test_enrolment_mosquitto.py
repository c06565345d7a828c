"""A region as it is run: Mosquitto with the generated configuration, boxes that enrolled, mTLS all the way.

Each attack is first shown to work against the same broker with the one line dropped that forbids it.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from ledger_world import DIGEST, analysis, recording, sealed
from region_world import Box, Region, hears, publish
from sync_world import wait_for

from edge_agent import app
from edge_agent.ledger.birth import Presence
from edge_agent.ledger.watermarks import WatermarkServer
from edge_sync import certificates, signing, wire
from edge_sync.ca import Authority, write_pair
from edge_sync.errors import LinkDown
from edge_sync.link import Delivered, Endpoint, Link
from edge_sync.window import NO_SUBSCRIBER

pytestmark = pytest.mark.broker
Capture = pytest.CaptureFixture[str]
PRESENCE = Presence(software="0.1.0", models=(), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)
REFUSED = 0x80


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path / "hq")


@dataclass
class Scene:
    """Two stores of one tenant, one of a rival, and one whose certificate was revoked; `store-7` has gone bad."""

    region: Region
    bad: Box
    neighbour: Box
    gone: Endpoint
    foreign: Endpoint
    nobody: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.nobody = replace(self.bad.end, certificate="", key="")


@pytest.fixture
def scene(region: Region, capsys: Capture) -> Scene:
    bad, neighbour, gone = (region.enrolled(name, capsys) for name in ("store-7", "store-8", "store-9"))
    region.enrolled("store-7-of-rival", capsys, tenant="rival")
    region.revoke("store-9")
    return Scene(region=region, bad=bad, neighbour=neighbour, gone=gone.end, foreign=by_another_ca(region, bad))


def by_another_ca(region: Region, box: Box) -> Endpoint:
    """A certificate for the box's very name, by an authority of the attacker's."""
    other, key = Authority.create(region.folder / "other-ca"), certificates.new_key()
    pem = other.gateway(box.gateway, "demo", key.public_key()).public_bytes(certificates.PEM)
    write_pair(region.folder / "stolen", box.gateway, (certificates.key_pem(key), pem))
    pair = region.folder / "stolen" / box.gateway
    both = (region.folder / "ca" / "ca.pem").read_bytes() + (region.folder / "other-ca" / "ca.pem").read_bytes()
    (region.folder / "broker" / "both.pem").write_bytes(both)
    crls = (region.folder / "ca" / "crl.pem").read_bytes() + (region.folder / "other-ca" / "crl.pem").read_bytes()
    (region.folder / "broker" / "both-crl.pem").write_bytes(crls)
    return replace(box.end, certificate=f"{pair}.pem", key=f"{pair}.key")


def connects(end: Endpoint) -> bool:
    link = Link(end, client_id="attacker")
    try:
        link.open()
    except LinkDown:
        return False
    link.close()
    return True


def writes(leaf: str, *, of: str = "sx/v1/demo/store-7") -> Callable[[Scene], bool]:
    return lambda scene: publish(scene.bad.end, f"{of}/{leaf}") < REFUSED


def takes_over(scene: Scene) -> bool:
    """Whether connecting under the neighbour's client id throws the neighbour off the broker."""
    victim = Link(scene.neighbour.end, client_id="store-8")
    victim.open()
    thief = Link(scene.bad.end, client_id="store-8")
    thief.open()
    try:
        for _ in range(10):
            victim.poll(0.1)
    except LinkDown:
        return True
    else:
        victim.close()
        return False
    finally:
        thief.close()


def listens_in(scene: Scene) -> bool:
    say = lambda: publish(scene.neighbour.end, "sx/v1/demo/store-8/tags")  # noqa: E731
    return hears(scene.bad.end, "sx/v1/#", say, after=its_own(scene))


def hears_orders_of_others(scene: Scene) -> bool:
    say = lambda: publish(scene.region.own_end("operator"), "sx/v1/demo/store-8/cmd/replay")  # noqa: E731
    return hears(scene.bad.end, "sx/v1/demo/store-8/cmd/+", say, after=its_own(scene))


def its_own(scene: Scene) -> tuple[Endpoint, str]:
    """What the bad one may hear under any rules: HQ's word to itself."""
    return scene.region.own_end("sink"), "sx/v1/demo/store-7/cmd/rebirth"


ANYTHING = {"acl_file": ""}
ATTACKS: dict[str, tuple[Callable[[Scene], bool], dict[str, str]]] = {
    "no certificate": (
        lambda scene: connects(scene.nobody),
        {
            "require_certificate": "", "use_identity_as_username": "", "use_username_as_clientid": "",
            "allow_anonymous": "allow_anonymous true",
        },
    ),
    "a foreign CA": (
        lambda scene: connects(scene.foreign),
        {"cafile": "cafile {broker}/both.pem", "crlfile": "crlfile {broker}/both-crl.pem"},
    ),
    "a revoked certificate": (lambda scene: connects(scene.gone), {"crlfile": ""}),
    "a topic of another tenant": (writes("tags", of="sx/v1/rival/store-7"), ANYTHING),
    "a topic of the rival's own gateway": (writes("tags", of="sx/v1/rival/store-7-of-rival"), ANYTHING),
    "a topic of somebody else": (writes("tags", of="sx/v1/demo/store-8"), ANYTHING),
    "somebody else's birth": (writes("birth", of="sx/v1/demo/store-8"), ANYTHING),
    "one's own committed": (writes("committed"), ANYTHING),
    "one's own witness": (writes("witness"), ANYTHING),
    "one's own replay order": (writes("cmd/replay"), ANYTHING),
    "a leaf that does not exist": (writes("shell"), ANYTHING),
    "listening to all others": (listens_in, ANYTHING),
    "listening to another's orders": (hears_orders_of_others, ANYTHING),
    "another's client id": (takes_over, {"use_username_as_clientid": ""}),
}  # fmt: skip


def test_every_attack_works_where_it_is_allowed_and_fails_where_it_is_not(scene: Scene) -> None:
    broker = str(scene.region.folder / "broker")
    permissive: dict[str, bool] = {}
    by_config: dict[str, list[str]] = {}
    for name, (_, instead) in ATTACKS.items():
        by_config.setdefault(msgspec.json.encode(instead).decode(), []).append(name)
    for encoded, names in by_config.items():
        instead = {key: line.format(broker=broker) for key, line in msgspec.json.decode(encoded).items()}
        with scene.region.broker(instead):
            permissive |= {name: ATTACKS[name][0](scene) for name in names}
    assert permissive == dict.fromkeys(ATTACKS, True)
    with scene.region.broker():
        generated = {name: attack(scene) for name, (attack, _) in ATTACKS.items()}
        assert generated == dict.fromkeys(ATTACKS, False)
        own = [publish(scene.bad.end, f"sx/v1/demo/store-7/{leaf}") for leaf in ("tags", "backfill", "birth", "state", "health")]
        assert [code for code in own if code >= REFUSED] == []


def test_hq_s_roles_have_what_they_need_and_no_more(scene: Scene) -> None:
    root = "sx/v1/demo/store-7"
    with scene.region.broker():
        codes = {
            role: [
                publish(scene.region.own_end(role), f"{root}/{leaf}") < REFUSED for leaf in ("committed", "cmd/replay", "tags")
            ]
            for role in ("sink", "operator", "reader")
        }
        assert codes == {"sink": [True, True, False], "operator": [False, True, False], "reader": [False, False, False]}
        say = lambda: publish(scene.bad.end, f"{root}/tags")  # noqa: E731
        order = lambda: publish(scene.region.own_end("operator"), f"{root}/cmd/replay")  # noqa: E731
        after = (scene.bad.end, f"{root}/health")
        heard = {role: hears(scene.region.own_end(role), "sx/v1/+/+/tags", say, after=after) for role in ("sink", "reader")}
        assert heard == {"sink": True, "reader": True}
        unheard = {role: hears(scene.region.own_end(role), "sx/v1/+/+/cmd/+", order, after=after) for role in ("sink", "reader")}
        assert unheard == {"sink": False, "reader": False}


# paho leaves the socket of a failed handshake to the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_gateway_s_certificate_cannot_play_the_broker(scene: Scene) -> None:
    with scene.region.broker():
        assert connects(scene.neighbour.end)
    place = scene.bad.settings.paths.tls
    with scene.region.broker({"certfile": f"certfile {place}/certificate.pem", "keyfile": f"keyfile {place}/key.pem"}):
        assert not connects(scene.neighbour.end)


def test_revocation_silences_an_open_connection_and_bars_the_next_one(scene: Scene) -> None:
    with scene.region.broker():
        link = Link(scene.neighbour.end, client_id="store-8")
        link.open()
        assert publish_on(link, "sx/v1/demo/store-8/tags") < REFUSED
        scene.region.revoke("store-8")
        wait_for(lambda: publish_on(link, "sx/v1/demo/store-8/tags") >= REFUSED, "its rules are gone")
        link.drop()
        wait_for(lambda: not connects(scene.neighbour.end), "its certificate is refused")
        assert connects(scene.bad.end)


def test_a_revoked_reader_of_hq_hears_nothing_more_on_its_open_connection(scene: Scene) -> None:
    with scene.region.broker():
        link, heard = Link(scene.region.own_end("reader"), client_id="hq.reader"), list[bytes]()

        def hears_this(said: bytes) -> bool:
            assert publish(scene.bad.end, "sx/v1/demo/store-7/tags", said) in (0, NO_SUBSCRIBER)
            with suppress(LinkDown):
                heard.extend(event.payload for event in link.poll(0.2) if isinstance(event, Delivered))
            return said in heard

        link.open()
        link.subscribe(["sx/v1/+/+/tags"])
        wait_for(lambda: hears_this(b"before"), "it listens")
        scene.region.hq("ca", "revoke", "hq.reader", "--ca", scene.region.folder / "ca")
        scene.region.revoke("store-8")  # which writes the rules anew, and shows when the broker has read them
        wait_for(lambda: not connects(scene.neighbour.end), "the broker has read them")
        assert not any(hears_this(b"after") for _ in range(5))
        link.drop()


def test_a_gateway_enrolled_while_the_broker_runs_may_speak_at_once(region: Region, capsys: Capture) -> None:
    with region.broker():
        box = region.enrolled("store-1", capsys)
        wait_for(lambda: publish(box.end, f"{box.root}/tags") < REFUSED, "the broker has read its rules")


def publish_on(link: Link, topic: str) -> int:
    ticket = link.publish(topic, b"x")
    codes: list[int] = []

    def answered() -> bool:
        try:
            codes.extend(event.code for event in link.poll(0.2) if getattr(event, "ticket", 0) == ticket)
        except LinkDown:
            codes.append(0xFF)
        return bool(codes)

    wait_for(answered, "an answer")
    return codes[0]


@contextmanager
def at_work(box: Box, region: Region, *only: str) -> Iterator[None]:
    """Sink and uplink as their own processes, and the worker's door; the ledger's rows are the test's."""
    with ExitStack() as ends:
        ledger = app.ledger(box.settings, app.keys(box.settings))
        ends.callback(ledger.close)
        ends.enter_context(WatermarkServer(ledger.terms, box.settings.paths.worker_socket, PRESENCE))
        for module, *arguments in (
            ("edge_sync.cli", "sink", "--store", region.store, *region.signed, *region.own("sink")),
            ("edge_agent.cli", "--config", box.config, "run", "uplink"),
        ):
            if only and arguments[-1] not in only and arguments[0] not in only:
                continue
            log = ends.enter_context((box.folder / f"{module}.log").open("wb"))
            child = subprocess.Popen([sys.executable, "-m", module, *(str(one) for one in arguments)], stderr=log)
            ends.callback(child.wait)
            ends.callback(child.terminate)
        yield


def write_rows(box: Box, count: int) -> None:
    ledger = app.ledger(box.settings, app.keys(box.settings))
    for _ in range(count):
        made = recording()
        ledger.captured(made)
        ledger.sealed(made.id, sealed(made.id))
        assert ledger.analysed(made.id, analysis(2))
    ledger.close()


def committed(box: Box) -> tuple[int, int]:
    db = sqlite3.connect(box.settings.paths.ledger)
    try:
        held = dict(db.execute("SELECT key, value FROM meta WHERE key IN ('committed', 'highest')"))
    finally:
        db.close()
    return int(held["committed"]), int(held["highest"])


def audited(box: Box, kind: str) -> list[tuple[str, int]]:
    """(reason, seq) of every audit row of that kind, in order."""
    db = sqlite3.connect(box.settings.paths.ledger)
    try:
        bodies = [json.loads(body) for (body,) in db.execute("SELECT body FROM audit WHERE kind = ? ORDER BY seq", (kind,))]
    finally:
        db.close()
    return [(body["reason"], body["seq"]) for body in bodies]


def dead_letters(region: Region) -> set[tuple[str, str]]:
    db = sqlite3.connect(region.store)
    try:
        return set(db.execute("SELECT gateway, reason FROM dead_letters"))
    finally:
        db.close()


def test_rows_reach_hq_s_database_over_mtls_and_hq_s_orders_reach_the_box(region: Region, capsys: Capture) -> None:
    box = region.enrolled("store-7", capsys)
    write_rows(box, 5)
    with region.broker(), at_work(box, region):
        wait_for(lambda: committed(box)[0] >= 5, "HQ's database has them and says so")
        capsys.readouterr()
        region.hq("replay", "store-7", "--from", 1, "--to", 3, "--store", region.store, *region.signed, *region.own("operator"))
        region.hq("rebirth", "store-7", "--store", region.store, *region.signed, *region.own("operator"))
        log = box.folder / "edge_agent.cli.log"
        wait_for(lambda: "replay.asked" in log.read_text(), "the box obeys")
        region.hq("gateways", "--store", region.store, "--json")
        (line,) = msgspec.json.decode(capsys.readouterr().out)["gateways"]
        assert (line["gateway"], line["committed"], line["revoked"]) == ("store-7", committed(box)[0], False)
        # What a box may send but not under another's name or sequence: its neighbour's genuine row, its own row renumbered.
        row = sqlite3.connect(box.settings.paths.ledger).execute("SELECT payload FROM outbox WHERE seq = 2").fetchone()[0]
        other = region.enrolled("store-8", capsys)
        wait_for(lambda: publish(other.end, f"{other.root}/tags", row) == 0, "its neighbour sends it")
        renumbered = wire.unpack(row).replace(b'/2"', b'/9"').replace(b'0002"', b'0009"')
        assert renumbered != wire.unpack(row)
        stolen = replace(region.own_end("sink"), certificate=box.end.certificate, key=box.end.key)
        publish(stolen, f"{box.root}/tags", renumbered)
        wait_for(lambda: dead_letters(region) >= {("store-8", "bad-signature"), ("store-7", "bad-signature")}, "dead letters")
    report = sqlite3.connect(region.store)
    assert report.execute("SELECT count(*), count(DISTINCT seq) FROM envelopes").fetchone() == committed(box)[::-1][:1] * 2
    report.close()


def test_a_renewed_certificate_is_taken_by_the_running_uplink(region: Region, capsys: Capture) -> None:
    box = region.enrolled("store-7", capsys)
    first = Path(box.end.certificate).read_bytes()
    with at_work(box, region):
        with region.broker():
            write_rows(box, 2)
            wait_for(lambda: committed(box)[0] >= 2, "the first certificate works")
            box.agent("enrol", "renew", "-o", box.folder / "renewal.json")
            region.approve(box.folder / "renewal.json", box.folder / "next.json")
            box.agent("enrol", "accept", box.folder / "next.json")
        assert Path(box.end.certificate).read_bytes() != first
        only_the_new(region, box)
        with region.broker():
            write_rows(box, 2)
            wait_for(lambda: committed(box)[0] >= 4, "so does the second, without a restart")


def only_the_new(region: Region, box: Box) -> None:
    """Every certificate of the box but the one in force is put on the list that the broker reads."""
    authority = Authority.open(region.folder / "ca")
    held = certificates.load_pem(Path(box.end.certificate).read_bytes()).serial_number
    kept = region.folder / "ca" / "issued" / box.gateway / f"{held:040x}.pem"
    away = kept.rename(region.folder / "kept.pem")
    assert authority.revoke(box.gateway) == 1
    away.rename(kept)
    region.configure()


def test_a_revoked_gateway_that_still_reaches_the_broker_is_refused_by_the_sink(region: Region, capsys: Capture) -> None:
    box = region.enrolled("store-7", capsys)
    region.revoke("store-7")
    write_rows(box, 2)
    with region.broker({"crlfile": "", "acl_file": ""}), at_work(box, region):
        wait_for(lambda: ("store-7", "revoked") in dead_letters(region), "refused with its reason")
    assert committed(box)[0] == 0


def test_an_order_to_who_is_not_connected_is_said_to_be_lost(region: Region, capsys: Capture) -> None:
    region.enrolled("store-7", capsys)
    with region.broker():
        order = ("rebirth", "store-7", "--store", region.store, *region.signed, *region.own("operator"))
        region.hq(*order, code=75)
        assert "not connected" in capsys.readouterr().err
        region.hq("rebirth", "store-8", *order[2:], code=1)
        region.hq("rebirth", "store-7", *order[2:-10], *region.own("reader"), code=1)


def test_forged_and_replayed_watermarks_move_nothing_and_are_audited(region: Region, capsys: Capture) -> None:
    box = region.enrolled("store-7", capsys)
    write_rows(box, 6)
    epoch = sqlite3.connect(box.settings.paths.ledger).execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
    hq = signing.signer(signing.load(region.folder / "hq.key"))

    def confirm(seq: int, counter: int, *, sign: wire.Sign = hq, gateway: str = "store-7") -> None:
        order = wire.Committed(gateway=gateway, counter=counter, epoch=epoch, seq=seq, generation="feed")
        assert publish(region.own_end("sink"), f"{box.root}/committed", wire.seal(order, sign)) == 0

    log = box.folder / "edge_agent.cli.log"
    with region.broker(), at_work(box, region, "uplink"):
        wait_for(lambda: "link.opened" in log.read_text(), "the uplink listens")
        confirm(3, counter=10)
        wait_for(lambda: committed(box)[0] == 3, "the genuine one counts")
        confirm(6, counter=99, sign=signing.signer(bytes(32)))
        confirm(5, counter=11, gateway="store-8")
        confirm(5, counter=9)
        refused = {("bad-signature", 0), ("other-gateway", 5), ("stale", 5)}
        wait_for(lambda: set(audited(box, "watermark.refused")) == refused, "each is in the audit log")
        assert committed(box)[0] == 3
        confirm(4, counter=12)
        wait_for(lambda: committed(box)[0] == 4, "the next genuine one counts")
