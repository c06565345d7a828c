"""How a box gets its certificate: one claim, one name, one key; what HQ refuses, and what the box refuses."""

import base64
import fcntl
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import structlog
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from ledger_world import memory_folder
from region_world import Box, Region

from edge_agent import app, enrolment
from edge_agent.errors import BadInput, NotAllowed, NotFound, SealBroken
from edge_agent.ledger.reading import LedgerReader
from edge_sync import approval, certificates, claims, credentials, log, mosquitto, signing, wire
from edge_sync import enrolment as papers
from edge_sync.approval import Approver
from edge_sync.ca import Authority
from edge_sync.errors import BadSignature, Refused
from edge_sync.sqlite_store import SqliteStore
from edge_sync.store import GatewayLine

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """What is tested here is who gets what, not the disk."""
    with memory_folder() as folder:
        yield folder


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path / "hq", port=8883)


@pytest.fixture
def box(region: Region, tmp_path: Path) -> Box:
    return Box(tmp_path / "box", "store-7")


def asked(region: Region, box: Box, capsys: Capture, **claim: str) -> Path:
    request = box.folder / "request.json"
    request.unlink(missing_ok=True)  # carried to HQ
    box.agent("enrol", "request", "--claim", region.claim(box.gateway, capsys, **claim), "-o", request)
    return request


def granted(region: Region, box: Box, capsys: Capture) -> Path:
    grant = box.folder / "grant.json"
    region.approve(asked(region, box, capsys), grant)
    return grant


def certificate(box: Box) -> x509.Certificate:
    return x509.load_pem_x509_certificate((box.settings.paths.tls / "certificate.pem").read_bytes())


def stored(region: Region) -> SqliteStore:
    return SqliteStore(region.store)


def test_a_box_gets_its_certificate_and_knows_its_broker(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    found = box.document(capsys, "enrol", "status")
    assert (found["standing"], found["pending"], found["host"], found["port"]) == ("good", False, "127.0.0.1", 8883)
    assert found["days_left"] in {89, 90}
    store = stored(region)
    (line,) = store.gateways()
    store.close()
    assert (line.gateway, line.tenant) == ("store-7", "demo")
    assert line.key == signing.text_of(app.keys(box.settings).public)


def test_the_certificate_names_the_gateway_and_its_tenant_and_nothing_else(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    held = certificate(box)
    assert {one.oid: one.value for one in held.subject} == {NameOID.COMMON_NAME: "store-7", NameOID.ORGANIZATION_NAME: "demo"}
    uses = held.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        held.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_the_tls_key_is_made_on_the_box_and_is_in_no_file_that_leaves_it(region: Region, box: Box, capsys: Capture) -> None:
    grant = granted(region, box, capsys)
    secret = (box.settings.paths.enrolment / "key.pem").read_bytes()
    box.agent("enrol", "accept", grant)
    key = box.settings.paths.tls / "key.pem"
    assert key.read_bytes() == secret
    assert key.stat().st_mode & 0o777 == 0o600
    number = certificates.load_key(secret).private_numbers().private_value.to_bytes(32)
    everything = [path for path in region.folder.rglob("*") if path.is_file()] + [grant, box.folder / "request.json"]
    assert len(everything) > 10
    assert not any(secret in path.read_bytes() or number in path.read_bytes() for path in everything)


def test_a_file_that_is_there_is_not_replaced_and_the_earlier_request_stands(region: Region, box: Box, capsys: Capture) -> None:
    grant = granted(region, box, capsys)
    mine = box.folder / "mine.json"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(NotAllowed, match="exists already"):
        enrolment.request(box.settings, claim=claims.draw(), output=mine)
    assert mine.read_text(encoding="utf-8") == "mine"
    box.agent("enrol", "accept", grant)
    with pytest.raises(NotAllowed, match="exists already"):
        enrolment.renew(box.settings, output=mine)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_the_claim_code_is_nowhere_at_hq(region: Region, capsys: Capture) -> None:
    code = region.claim("store-7", capsys)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}", code)
    for path in region.folder.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert code.encode() not in text
        assert code.replace("-", "").encode() not in text


@pytest.mark.parametrize("write", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("0", "O")])
def test_a_claim_code_may_be_written_as_people_write(write: object) -> None:
    code = claims.draw()
    assert claims.key_of(write(code)) == claims.key_of(code)  # type: ignore[operator]


def test_almost_every_slip_in_a_claim_code_is_noticed() -> None:
    noticed = tried = 0
    for _ in range(40):
        code = claims.draw().replace("-", "")
        for at in range(0, 20, 3):
            slip = code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1 :]
            tried += 1
            try:
                claims.key_of(slip)
            except Refused:
                noticed += 1
    assert noticed >= 0.98 * tried


def test_a_mistyped_claim_is_refused_on_the_box(box: Box) -> None:
    with pytest.raises(BadInput, match="mistyped"):
        enrolment.request(box.settings, claim="ABCDE-ABCDE-ABCDE-ABCDE", output=box.folder / "r.json")
    assert not box.settings.paths.enrolment.exists()


@pytest.mark.parametrize("verb", ["request", "renew"])
def test_a_file_that_is_there_is_not_replaced_and_the_open_request_stands(
    verb: str, region: Region, box: Box, capsys: Capture
) -> None:
    grant = granted(region, box, capsys)
    if verb == "renew":
        box.agent("enrol", "accept", grant)
    precious = box.folder / "precious"
    precious.write_text("precious")
    code = region.claim("store-8", capsys)
    ask = {"request": lambda to: enrolment.request(box.settings, claim=code, output=to)}
    ask["renew"] = lambda to: enrolment.renew(box.settings, output=to)
    with pytest.raises(NotAllowed, match="exists already"):
        ask[verb](precious)
    assert precious.read_text() == "precious"
    if verb == "request":
        box.agent("enrol", "accept", grant)


def test_a_claim_is_good_once(region: Region, box: Box, capsys: Capture) -> None:
    code = region.claim("store-7", capsys)
    for number, expected in ((1, 0), (2, 1)):
        request = box.folder / f"request-{number}.json"
        box.agent("enrol", "request", "--claim", code, "-o", request)
        region.approve(request, box.folder / "grant.json", code=expected)


def test_the_same_request_is_not_granted_twice(region: Region, box: Box, capsys: Capture) -> None:
    granted(region, box, capsys)
    region.approve(box.folder / "request.json", box.folder / "again.json", code=1)
    assert not (box.folder / "again.json").exists()


def test_an_expired_claim_is_refused(region: Region, box: Box, capsys: Capture) -> None:
    capsys.readouterr()
    region.hq("claim", "store-7", "--tenant", "demo", "--ca", region.folder / "ca", "--hours", "-1")
    code = capsys.readouterr().out.splitlines()[0]
    box.agent("enrol", "request", "--claim", code, "-o", box.folder / "request.json")
    region.approve(box.folder / "request.json", box.folder / "grant.json", code=1)
    assert "expired" in capsys.readouterr().err


def test_another_claim_does_not_fit(region: Region, box: Box, capsys: Capture) -> None:
    other = region.claim("store-8", capsys)
    region.claim("store-7", capsys)
    box.agent("enrol", "request", "--claim", other, "-o", box.folder / "request.json")
    region.approve(box.folder / "request.json", box.folder / "grant.json", code=1)
    assert "no open claim fits" in capsys.readouterr().err


def test_a_claim_of_another_tenant_does_not_fit(region: Region, box: Box, capsys: Capture) -> None:
    region.approve(asked(region, box, capsys, tenant="rival"), box.folder / "grant.json", code=1)


def test_a_second_box_does_not_get_an_enrolled_name(region: Region, box: Box, tmp_path: Path, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    second = Box(tmp_path / "second", "store-7")
    region.approve(asked(region, second, capsys), second.folder / "grant.json", code=1)
    assert "another box's key" in capsys.readouterr().err
    store = stored(region)
    found = store.gateway("store-7")
    store.close()
    assert found is not None
    assert found.key == app.keys(box.settings).public


def test_a_name_of_another_tenant_is_refused(region: Region, box: Box, tmp_path: Path, capsys: Capture) -> None:
    granted(region, box, capsys)
    rival = Box(tmp_path / "rival", "store-7", "rival")
    region.approve(asked(region, rival, capsys, tenant="rival"), rival.folder / "grant.json", code=1)
    assert "another tenant" in capsys.readouterr().err


def test_a_box_that_asks_again_with_the_same_keys_gets_a_certificate_again(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    before = certificate(box).serial_number
    box.agent("enrol", "accept", granted(region, box, capsys))
    assert certificate(box).serial_number != before


def spoiled(request: Path, change: dict[str, object], sign: wire.Sign) -> bytes:
    """The request with other content, signed by whoever `sign` is."""
    body = json.loads(request.read_bytes())
    body.pop("signature")
    return wire.signed(msgspec.json.encode(body | change), sign)


def test_a_request_that_was_changed_on_the_way_is_refused(region: Region, box: Box, tmp_path: Path, capsys: Capture) -> None:
    request, store = asked(region, box, capsys), stored(region)
    approver = Approver(
        Authority.open(region.folder / "ca"), store, hq=signing.load(region.folder / "hq.key"), host="127.0.0.1", port=8883
    )
    with pytest.raises(BadSignature):
        approver.approve(request.read_bytes().replace(b"store-7", b"store-8"))
    thief = signing.signer(bytes(32))
    thieves_key = {"key": signing.text_of(signing.public_of(bytes(32)))}
    with pytest.raises(Refused, match="no open claim fits"):
        approver.approve(spoiled(request, thieves_key, thief))
    other_csr = certificates.csr(certificates.new_key(), name="store-7", tenant="demo")
    with pytest.raises(Refused, match="no open claim fits"):
        approver.approve(spoiled(request, {"csr": base64.b64encode(other_csr).decode()}, app.keys(box.settings).sign))
    foreign_csr = certificates.csr(certificates.new_key(), name="hq.sink", tenant="demo")
    with pytest.raises(Refused, match="another name"):
        approver.approve(spoiled(request, {"csr": base64.b64encode(foreign_csr).decode()}, app.keys(box.settings).sign))
    approver.approve(request.read_bytes())
    store.close()


def test_renewal_needs_no_claim_and_swings_key_and_certificate_together(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    before, place = certificate(box), box.settings.paths.tls
    key_before = (place / "key.pem").read_bytes()
    box.agent("enrol", "renew", "-o", box.folder / "renewal.json")
    assert (place / "key.pem").read_bytes() == key_before
    region.approve(box.folder / "renewal.json", box.folder / "next.json")
    box.agent("enrol", "accept", box.folder / "next.json")
    after = certificate(box)
    assert after.serial_number != before.serial_number
    assert (place / "key.pem").read_bytes() != key_before
    ours = certificates.load_key((place / "key.pem").read_bytes()).public_key()
    assert certificates.public_bytes(after.public_key()) == certificates.public_bytes(ours)
    assert [path.name for path in place.parent.glob("tls*")].count("tls") == 1
    assert len(list(place.parent.glob("tls*"))) == 2  # the link, and the one folder it names


def test_a_renewal_by_who_stole_the_signing_key_but_not_the_tls_key_is_refused(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    box.agent("enrol", "renew", "-o", box.folder / "renewal.json")
    (box.folder / "forged.json").write_bytes(spoiled(box.folder / "renewal.json", {"proof": "AAAA"}, app.keys(box.settings).sign))
    region.approve(box.folder / "forged.json", box.folder / "next.json", code=1)
    assert "present TLS key" in capsys.readouterr().err


def test_after_revocation_there_is_no_renewal_and_no_second_claim_for_that_key(
    region: Region, box: Box, tmp_path: Path, capsys: Capture
) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    region.revoke("store-7")
    assert certificate(box).serial_number in Authority.open(region.folder / "ca").revoked()
    box.agent("enrol", "renew", "-o", box.folder / "renewal.json")
    region.approve(box.folder / "renewal.json", box.folder / "next.json", code=1)
    region.approve(asked(region, box, capsys), box.folder / "next.json", code=1)
    replacement = Box(tmp_path / "replacement", "store-7")
    replacement.agent("enrol", "accept", granted(region, replacement, capsys))
    store = stored(region)
    assert [line.revoked for line in store.gateways()] == [False]
    store.close()


def test_an_open_claim_dies_with_the_revocation(region: Region, box: Box, tmp_path: Path, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    second = Box(tmp_path / "second", "store-7")
    request = asked(region, second, capsys)
    region.revoke("store-7")
    region.approve(request, second.folder / "grant.json", code=1)


def test_an_expired_certificate_is_not_renewed(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    box.agent("enrol", "renew", "-o", box.folder / "renewal.json")
    store = stored(region)
    late = Approver(
        Authority.open(region.folder / "ca"), store, hq=signing.load(region.folder / "hq.key"), host="127.0.0.1", port=8883,
        now=lambda: datetime.now(UTC) + timedelta(days=91),
    )  # fmt: skip
    with pytest.raises(Refused, match="expired"):
        late.approve((box.folder / "renewal.json").read_bytes())
    store.close()


def test_a_certificate_is_due_when_less_than_a_third_of_its_life_is_left(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    held, now = certificate(box), datetime.now(UTC)
    by_day = [certificates.standing(held, now + timedelta(days=day)) for day in (0, 59, 61, 91)]
    assert by_day == ["good", "good", "due", "expired"]


def test_the_uplink_says_when_its_certificate_is_due(region: Region, box: Box, capsys: Capture) -> None:
    authority = Authority.open(region.folder / "ca")
    key = certificates.new_key()
    old = authority.gateway("store-7", "demo", key.public_key(), now=datetime.now(UTC) - timedelta(days=70))
    (box.folder / "old.pem").write_bytes(old.public_bytes(certificates.PEM))
    with structlog.testing.capture_logs() as lines:
        expiry = credentials.Expiry(str(box.folder / "old.pem"))
        expiry.look()
        expiry.look()
        credentials.Expiry("").look()
    assert [(line["event"], line["state"]) for line in lines] == [("certificate.ending", "due")]
    assert {"state", "wait_s"} <= log.ALLOWED


def test_grants_that_are_not_for_us_are_refused_on_the_box(region: Region, box: Box, tmp_path: Path, capsys: Capture) -> None:
    grant = granted(region, box, capsys)
    genuine = papers.opened_grant(grant.read_bytes())
    hq = signing.signer(signing.load(region.folder / "hq.key"))
    stranger = bytes(range(32))
    impostor = msgspec.structs.replace(genuine, hq=signing.public_of(stranger))
    refused = {
        "claim code": papers.sealed(impostor, signing.signer(stranger)),
        "another request": papers.sealed(msgspec.structs.replace(genuine, request="ab" * 32), hq),
        "another gateway": papers.sealed(msgspec.structs.replace(genuine, gateway="store-8"), hq),
        "whoever gave out": papers.sealed(msgspec.structs.replace(genuine, host="evil.example"), hq),
    }
    for reason, payload in refused.items():
        (box.folder / "forged.json").write_bytes(payload)
        with pytest.raises(NotAllowed, match=reason):
            enrolment.accept(box.settings, box.folder / "forged.json")
    (box.folder / "forged.json").write_bytes(grant.read_bytes().replace(b"127.0.0.1", b"127.0.0.2"))
    with pytest.raises(SealBroken):
        enrolment.accept(box.settings, box.folder / "forged.json")
    assert not box.settings.paths.tls.exists()
    assert app.keys(box.settings).hq_public is None
    box.agent("enrol", "accept", grant)


def test_a_box_that_trusts_an_hq_already_takes_no_other(region: Region, tmp_path: Path, box: Box, capsys: Capture) -> None:
    app.keys(box.settings).trust(signing.public_of(bytes(32)))
    with pytest.raises(NotAllowed, match="another HQ"):
        enrolment.accept(box.settings, granted(region, box, capsys))


def test_nothing_asked_nothing_accepted(region: Region, box: Box, capsys: Capture) -> None:
    grant = granted(region, box, capsys)
    box.agent("enrol", "accept", grant)
    with pytest.raises(NotFound):
        enrolment.accept(box.settings, grant)
    with pytest.raises(BadInput):
        enrolment.accept(box.settings, box.folder / "none.json")


def test_a_box_that_is_not_enrolled_says_so(box: Box, capsys: Capture) -> None:
    assert box.document(capsys, "enrol", "status")["standing"] == "none"
    with pytest.raises(NotFound):
        enrolment.renew(box.settings, output=box.folder / "renewal.json")


def test_requests_and_grants_are_in_the_audit_log(region: Region, box: Box, capsys: Capture) -> None:
    box.agent("enrol", "accept", granted(region, box, capsys))
    rows = dict(sqlite3.connect(box.settings.paths.ledger).execute("SELECT kind, body FROM audit"))
    assert {"enrolment.requested", "enrolment.accepted"} <= rows.keys()
    assert json.loads(rows["enrolment.accepted"])["serial"] == f"{certificate(box).serial_number:040x}"
    assert LedgerReader.open(box.settings.paths.ledger).status()


def test_the_authority_is_made_once_and_its_key_is_its_own(region: Region) -> None:
    ca = region.folder / "ca"
    region.hq("ca", "init", ca, code=1)
    assert (ca / "ca.key").stat().st_mode & 0o777 == 0o600
    (ca / "ca.key").chmod(0o640)
    region.hq("ca", "client", "reader", "--instance", "bi", "--ca", ca, "-o", region.folder / "hq", code=1)
    (ca / "ca.key").chmod(0o600)
    region.hq("ca", "client", "reader", "--instance", "bi", "--ca", ca, "-o", region.folder / "hq")
    region.hq("ca", "client", "reader", "--instance", "bi", "--ca", ca, "-o", region.folder / "hq", code=1)


def test_hq_can_take_back_its_own_certificates_and_gets_new_ones(region: Region, capsys: Capture) -> None:
    ca = region.folder / "ca"
    region.hq("ca", "revoke", "hq.sink", "--ca", ca)
    assert len(Authority.open(ca).revoked()) == 1
    region.hq("ca", "revoke", "store-7", "--ca", ca, code=1)
    assert "edge-hq revoke" in capsys.readouterr().err
    region.hq("ca", "client", "sink", "--ca", ca, "-o", region.folder / "next")
    next_one = certificates.load_pem((region.folder / "next" / "hq.sink.pem").read_bytes())
    assert next_one.serial_number not in Authority.open(ca).revoked()


def test_the_broker_s_rules_are_read_and_written_while_nobody_else_can_revoke(region: Region) -> None:
    authority, folder = Authority.open(region.folder / "ca"), region.folder / "broker"
    free: list[bool] = []

    def gateways() -> list[GatewayLine]:
        with (authority.folder / "lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                free.append(False)
            else:
                free.append(True)
        return []

    mosquitto.refresh(folder, authority, gateways)
    mosquitto.write(folder, authority, gateways, port=8883)
    assert free == [False, False]


def test_the_broker_keeps_bounded_queues_for_who_is_away(region: Region) -> None:
    lines = (region.folder / "broker" / "mosquitto.conf").read_text().splitlines()
    settings = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    assert 0 < int(settings["max_queued_bytes"]) <= 2**27
    assert settings["persistent_client_expiration"] == "1d"


def test_who_of_hq_is_revoked_has_no_rules_until_there_is_a_new_certificate(region: Region) -> None:
    ca, acl = region.folder / "ca", region.folder / "broker" / "acl"
    assert "user hq.reader\n" in acl.read_text()
    region.hq("ca", "revoke", "hq.reader", "--ca", ca)
    region.configure()
    assert "user hq.reader\n" not in acl.read_text()
    assert "user hq.sink\n" in acl.read_text()
    region.hq("ca", "client", "reader", "--ca", ca, "-o", region.folder / "next")
    region.configure()
    assert "user hq.reader\n" in acl.read_text()


@pytest.mark.parametrize("name", ["hq.sink", "a/b", "Store-7", "store 7", ""])
def test_no_gateway_can_have_a_name_of_hq_or_of_nobody(name: str, region: Region) -> None:
    with pytest.raises(Refused):
        approval.claim(Authority.open(region.folder / "ca"), gateway=name, tenant="demo", life=timedelta(hours=1))
