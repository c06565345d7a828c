"""What HQ decides about a gateway: promise a name, grant a certificate, renew it, take it back.

One name, one key: the first box that shows its claim gets the name, and while it is enrolled no other box can, with any claim.
A claim is good once, until it expires. Order matters in each step: what a crash leaves behind can be repeated with a new claim,
and never grants twice. A revoked gateway gets nothing until somebody gives out a new claim for its name.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from edge_sync import certificates, claims, durable, enrolment, signing
from edge_sync.ca import Authority
from edge_sync.certificates import DER
from edge_sync.data import Closed
from edge_sync.enrolment import Asked, Grant, Renewal, Request
from edge_sync.errors import Refused
from edge_sync.scalars import Name, Time
from edge_sync.store import Gateway, Store

_REVOKED: Final = "gateway is revoked"
_NEW_CLAIM: Final = "give out a new claim: edge-hq claim GATEWAY"


class Claim(Closed, frozen=True, kw_only=True):
    """An open claim as it lies in the CA's folder. `key` is derived from the code; the code is nowhere."""

    gateway: Name
    tenant: Name
    key: bytes
    expires_at: Time


class Approver:
    """`hq` is HQ's private operations key; `host` and `port` are where the box will find its broker."""

    def __init__(
        self,
        authority: Authority,
        store: Store,
        *,
        hq: bytes,
        host: str,
        port: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._authority = authority
        self._store = store
        self._hq = hq
        self._host = host
        self._port = port
        self._now = now

    def approve(self, payload: bytes) -> tuple[Grant, bytes]:
        """Check a request or a renewal, and answer it with a grant: the document, and its file.

        Raises:
            Refused: it is not entitled. BadSignature, Malformed, Oversized: it is not a request.
        """
        asked = enrolment.opened_request(payload)
        key = certificates.checked_csr(asked.csr, name=asked.gateway, tenant=asked.tenant)
        with self._authority.locked():
            if isinstance(asked, Renewal):
                self._entitled_to_renew(asked)
                return self._granted(asked, payload, key, None)
            claim = self._claimed(asked)
            self._store.enrol(Gateway(name=asked.gateway, tenant=asked.tenant, key=asked.key))
            granted = self._granted(asked, payload, key, claim.key)
            _place(self._authority.folder, asked.gateway).unlink()
            durable.sync_folder(self._authority.folder / "claims")
            return granted

    def _claimed(self, asked: Request) -> Claim:
        claim = _open_claim(self._authority.folder, asked.gateway)
        if claim is None or claim.tenant != asked.tenant or not enrolment.is_bound(asked, claim.key):
            raise Refused("no open claim fits this request", remedy=_NEW_CLAIM)
        if claim.expires_at <= self._now():
            raise Refused("claim has expired", remedy=_NEW_CLAIM)
        check_name(self._store.gateway(asked.gateway), tenant=asked.tenant, key=asked.key)
        return claim

    def _entitled_to_renew(self, asked: Renewal) -> None:
        held = self._store.gateway(asked.gateway)
        present = certificates.load(asked.certificate)
        if held is None or (held.tenant, held.key) != (asked.tenant, asked.key):
            raise Refused("renewal is not by the box enrolled under that name", remedy=_NEW_CLAIM)
        if held.revoked or present.serial_number in self._authority.revoked():
            raise Refused(_REVOKED, remedy=_NEW_CLAIM)
        certificates.check_issued(present, self._authority.certificate, name=asked.gateway, tenant=asked.tenant)
        if certificates.standing(present, self._now()) == "expired":
            raise Refused("present certificate has expired", remedy=_NEW_CLAIM)
        if not certificates.is_signed_by(present, enrolment.to_prove(asked), asked.proof):
            raise Refused("renewal is not signed by the present TLS key", remedy="make it on the box itself")

    def _granted(self, asked: Asked, payload: bytes, key: ec.EllipticCurvePublicKey, claim: bytes | None) -> tuple[Grant, bytes]:
        now = self._now()
        certificate = self._authority.gateway(asked.gateway, asked.tenant, key, now=now)
        grant = Grant(
            gateway=asked.gateway, tenant=asked.tenant, at=now, request=enrolment.digest(payload),
            certificate=certificate.public_bytes(DER), ca=self._authority.certificate.public_bytes(DER),
            hq=signing.public_of(self._hq), host=self._host, port=self._port,
        )  # fmt: skip
        grant = grant if claim is None else enrolment.bind(grant, claim)
        return grant, enrolment.sealed(grant, signing.signer(self._hq))


def check_name(held: Gateway | None, *, tenant: str, key: bytes) -> None:
    """Whether who has this key may have a name that `held` has or had; Refused otherwise."""
    if held is None:
        return
    if held.tenant != tenant:
        raise Refused("that name belongs to another tenant", remedy="choose another name for this box")
    if held.revoked and held.key == key:
        raise Refused("this box's key was revoked", remedy="make new keys there: another state directory, `edge-agent init`")
    if not held.revoked and held.key != key:
        raise Refused("that name is enrolled with another box's key", remedy="revoke it first: edge-hq revoke GATEWAY")


def claim(authority: Authority, *, gateway: str, tenant: str, life: timedelta, now: datetime | None = None) -> tuple[str, Claim]:
    """Promise a name: a fresh code, and what is kept of it. An older open claim for that name is void."""
    code = claims.draw()
    try:
        made = msgspec.convert(
            {
                "gateway": gateway,
                "tenant": tenant,
                "key": claims.key_of(code),
                "expires_at": (now or datetime.now(UTC)) + life,
            },
            Claim,
        )
    except msgspec.ValidationError:
        raise Refused("gateway and tenant are [a-z0-9-]", remedy="use the name that shall stand in the certificate") from None
    with authority.locked():
        folder = authority.folder / "claims"
        folder.mkdir(exist_ok=True, mode=0o700)
        durable.write(_place(authority.folder, gateway), msgspec.json.encode(made))
    return code, made


def revoke(authority: Authority, store: Store, gateway: str) -> int:
    """Nothing of this gateway is taken in from now on; returns how many certificates came onto the list.

    Raises:
        Refused: nobody is enrolled under that name.
    """
    with authority.locked():
        if not store.revoke(gateway):
            raise Refused("no gateway is enrolled under that name", remedy="see `edge-hq gateways`")
        _place(authority.folder, gateway).unlink(missing_ok=True)
        return authority.revoke(gateway)


def _place(folder: Path, gateway: str) -> Path:
    """`gateway` has the pattern of a name by now: it came through a closed type, or from the store."""
    return folder / "claims" / f"{gateway}.json"


def _open_claim(folder: Path, gateway: str) -> Claim | None:
    try:
        return msgspec.json.decode(_place(folder, gateway).read_bytes(), type=Claim)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Refused("claim's file is damaged", remedy=_NEW_CLAIM) from error
