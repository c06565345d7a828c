"""How this box gets its certificate, and its next one: a file out, a file back. The TLS key is made here and never leaves.

| step | what it leaves behind |
| --- | --- |
| `request`, `renew` | `enrolment/`: the new TLS key, the request as written, the claim's key until the grant is here |
| `accept` | `uplink/tls/`: key, certificate, CA, broker's address; HQ's key for worker and uplink; `enrolment/` is gone |

A grant is believed because it is bound to the claim code that a person typed here, or, for a renewal, because the HQ key that
this box already trusts has signed it. It must answer the last request made here, for our key and name. Each step is an audit row.
"""

import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent import app, privilege
from edge_agent.config import Config
from edge_agent.documents import Asked, Enrolment
from edge_agent.errors import BadInput, NotAllowed, NotFound, SealBroken

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    from edge_agent.vault.keys import DeviceKeys
    from edge_sync.enrolment import Grant

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def request(settings: Config, *, claim: str, output: Path) -> Asked:
    """Ask for the name that HQ promised with `claim`; an unanswered earlier request is void.

    Raises:
        BadInput: "claim", the code is mistyped. NotFound: this box has no keys yet. NotAllowed: `output` exists already.
    """
    from edge_sync import certificates, claims, enrolment  # noqa: PLC0415 - not for --help
    from edge_sync.errors import Refused  # noqa: PLC0415

    try:
        code = claims.key_of(claim)
    except Refused as error:
        raise BadInput("claim", error.message, remedy=error.remedy, zh="认领码有误，请核对") from error
    keys, tls = app.keys(settings), certificates.new_key()
    with _translated():
        asked = enrolment.bind(enrolment.Request(**_facts(settings, keys, tls)), code)
        payload = enrolment.sealed(asked, keys.sign)
    return _pending(settings, keys, _Made(tls=tls, payload=payload, code=code), output)


def renew(settings: Config, *, output: Path) -> Asked:
    """Ask for the next certificate: the present key and the box's own signature vouch for it.

    Raises:
        NotFound: this box is not enrolled. NotAllowed: `output` exists already.
    """
    import msgspec  # noqa: PLC0415
    from cryptography import x509  # noqa: PLC0415

    from edge_sync import certificates, enrolment  # noqa: PLC0415

    keys, tls, place = app.keys(settings), certificates.new_key(), settings.paths.tls
    with _translated():
        _enrolled(settings)
        with privilege.raised():
            certificate, key = ((place / name).read_bytes() for name in ("certificate.pem", "key.pem"))
        held = x509.load_pem_x509_certificate(certificate)
        asked = enrolment.Renewal(**_facts(settings, keys, tls), certificate=held.public_bytes(certificates.DER))
        present = certificates.load_key(key)
        proof = certificates.prove(present, enrolment.to_prove(asked))
        payload = enrolment.sealed(msgspec.structs.replace(asked, proof=proof), keys.sign)
    return _pending(settings, keys, _Made(tls=tls, payload=payload), output)


def accept(settings: Config, grant: Path) -> Enrolment:
    """Check HQ's answer and put it in force; after a crash on the way it may be given again.

    Raises:
        NotAllowed: it answers another request, is for another name or key, or is by another HQ than this box trusts.
        SealBroken, BadInput: it is no grant. NotFound: nothing was asked.
    """
    from edge_agent.vault import durable  # noqa: PLC0415
    from edge_sync import certificates, credentials, enrolment  # noqa: PLC0415

    keys, paths = app.keys(settings), settings.paths
    try:
        with privilege.raised():
            file = grant.read_bytes()
    except OSError as error:
        raise BadInput("grant", f"the grant cannot be read ({error.strerror})", remedy="name the file HQ sent") from error
    with _translated():
        answer = enrolment.opened_grant(file)
        tls = _answered(settings, keys, answer)
        certificate, ca = certificates.load(answer.certificate), certificates.load(answer.ca)
        certificates.check_issued(certificate, ca, name=settings.gateway, tenant=settings.tenant)
        if certificates.public_bytes(certificate.public_key()) != certificates.public_bytes(tls.public_key()):
            raise _not_ours("the certificate is for another key")
        keys.trust(answer.hq)
        issued = credentials.Issued(
            name=f"{certificate.serial_number:040x}", key=certificates.key_pem(tls),
            certificate=certificate.public_bytes(certificates.PEM), ca=ca.public_bytes(certificates.PEM),
            broker=credentials.Broker(host=answer.host, port=answer.port),
        )  # fmt: skip
        durable.folder(paths.uplink)
        with _for_uplink(settings) as uplink:
            durable.write(uplink / "hq.pub", b64encode(answer.hq) + b"\n")
            credentials.install(uplink / paths.tls.name, issued)
    _noted(settings, keys, "enrolment.accepted", serial=issued.name, until=_until(certificate), hq=b64encode(answer.hq).decode())
    shutil.rmtree(paths.enrolment)
    return _described(settings, certificate, issued.broker.host, issued.broker.port)


def status(settings: Config) -> Enrolment:
    """Whether this box is enrolled, where it connects, and how long its certificate lasts. `doctor` asks this too."""
    from cryptography import x509  # noqa: PLC0415

    from edge_sync import credentials  # noqa: PLC0415

    with _translated():
        with privilege.raised():
            end = credentials.endpoint(settings.paths.tls)
            certificate = Path(end.certificate).read_bytes() if end else b""
        if end is None:
            return Enrolment(gateway=settings.gateway, tenant=settings.tenant, standing="none", pending=_is_pending(settings))
        return _described(settings, x509.load_pem_x509_certificate(certificate), end.host, end.port)


def _facts(settings: Config, keys: "DeviceKeys", tls: "ec.EllipticCurvePrivateKey") -> dict[str, Any]:
    from edge_sync import certificates  # noqa: PLC0415

    return {
        "gateway": settings.gateway,
        "tenant": settings.tenant,
        "boot_id": _BOOT.read_text(encoding="ascii").strip(),
        "at": datetime.now(UTC).replace(microsecond=0),
        "csr": certificates.csr(tls, name=settings.gateway, tenant=settings.tenant),
        "key": keys.public,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A request as written, the key it is for, and its claim's key; a renewal has none."""

    tls: "ec.EllipticCurvePrivateKey"
    payload: bytes
    code: bytes | None = None


def _pending(settings: Config, keys: "DeviceKeys", made: _Made, output: Path) -> Asked:
    """Keep what the answer will be checked against, then write the request where the person wants it."""
    from edge_agent.vault import durable, handed  # noqa: PLC0415
    from edge_sync import certificates, enrolment  # noqa: PLC0415

    handed.check_free(output)  # before the earlier request becomes void
    folder = durable.folder(settings.paths.enrolment)
    durable.destroy(folder / "request.json")
    durable.write(folder / "key.pem", certificates.key_pem(made.tls))
    if made.code is None:
        durable.destroy(folder / "claim.key")
    else:
        durable.write(folder / "claim.key", b64encode(made.code))
    durable.write(folder / "request.json", made.payload)
    with handed.give(output) as file:
        file.write(made.payload)
    digest = enrolment.digest(made.payload)
    _noted(settings, keys, "enrolment.requested", request=digest, renewal=int(made.code is None))
    return Asked(gateway=settings.gateway, tenant=settings.tenant, request=digest, renewal=made.code is None)


def _answered(settings: Config, keys: "DeviceKeys", answer: "Grant") -> "ec.EllipticCurvePrivateKey":
    """The key that waits for this grant; NotAllowed when the grant is not for us or not by our HQ."""
    from edge_agent.vault import durable  # noqa: PLC0415
    from edge_sync import certificates, enrolment  # noqa: PLC0415

    folder = settings.paths.enrolment
    if not _is_pending(settings):
        raise NotFound("nothing was asked for", remedy="run `edge-agent enrol request --claim CODE`", zh="本机没有待批准的申请")
    if answer.request != enrolment.digest(durable.read(folder / "request.json")):
        raise _not_ours("the grant answers another request")
    if (answer.gateway, answer.tenant) != (settings.gateway, settings.tenant):
        raise _not_ours("the grant is for another gateway")
    if keys.hq_public not in {None, answer.hq}:
        raise _not_ours("the grant is by another HQ than this box trusts")
    if durable.exists(folder / "claim.key"):
        if not enrolment.is_bound(answer, b64decode(durable.read(folder / "claim.key"))):
            raise _not_ours("the grant is not by whoever gave out the claim code")
    elif keys.hq_public is None:
        raise _not_ours("this box trusts no HQ yet")
    return certificates.load_key(durable.read(folder / "key.pem"))


def _is_pending(settings: Config) -> bool:
    return (settings.paths.enrolment / "request.json").is_file()


def _enrolled(settings: Config) -> None:
    from edge_sync import credentials  # noqa: PLC0415

    with privilege.raised():
        end = credentials.endpoint(settings.paths.tls)
    if end is None:
        raise NotFound("this box is not enrolled", remedy="run `edge-agent enrol request --claim CODE`", zh="本机尚未入网")


def _described(settings: Config, certificate: "x509.Certificate", host: str, port: int) -> Enrolment:
    from edge_sync import certificates  # noqa: PLC0415

    now = datetime.now(UTC)
    return Enrolment(
        gateway=settings.gateway, tenant=settings.tenant, standing=certificates.standing(certificate, now),
        pending=_is_pending(settings), host=host, port=port, serial=f"{certificate.serial_number:040x}",
        valid_until=_until(certificate), days_left=certificates.life_left(certificate, now).days,
    )  # fmt: skip


def _until(certificate: "x509.Certificate") -> str:
    return certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _for_uplink(settings: Config) -> Iterator[Path]:
    """The uplink's folder, to write in; in the end it and all in it belong to the uplink's account.

    That account, gone bad, could lay a link to any file, or exchange a folder for one while we work. So the folder is held open,
    and no link in it is followed.
    """
    from edge_sync import durable  # noqa: PLC0415

    try:
        with privilege.raised(), durable.held(settings.paths.uplink) as uplink:
            yield uplink
            if settings.uplink_user:
                _give(uplink, settings.uplink_user)
    except (OSError, KeyError) as error:
        raise NotAllowed(
            "the uplink's account cannot be given its certificate", remedy="run the same command as root",
            zh="无法把证书交给上传进程的账号，请用 root 运行",
        ) from error  # fmt: skip


def _give(folder: Path, user: str) -> None:
    import pwd  # noqa: PLC0415 - here only

    account = pwd.getpwnam(user)
    with privilege.raised(privilege.CHOWN):
        for _, folders, files, at in os.fwalk(f"{folder}/.", follow_symlinks=False):
            for name in (".", *folders, *files):
                os.chown(name, account.pw_uid, account.pw_gid, dir_fd=at, follow_symlinks=False)


def _noted(settings: Config, keys: "DeviceKeys", kind: str, **body: str | int) -> None:
    ledger = app.ledger(settings, keys)
    try:
        ledger.noted(kind, **body)
    finally:
        ledger.close()


def _not_ours(what: str) -> NotAllowed:
    return NotAllowed(what, remedy="make a new request and have it approved", zh="批准文件与本机的申请不符")


@contextmanager
def _translated() -> Iterator[None]:
    from edge_sync.errors import SyncError, WireError  # noqa: PLC0415

    try:
        yield
    except WireError as error:
        raise SealBroken(error.message, remedy="have HQ send the grant again", zh="批准文件不完整或被改动") from error
    except SyncError as error:
        raise NotAllowed(error.message, remedy=error.remedy, zh="入网步骤被拒绝") from error
