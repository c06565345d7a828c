"""HQ's certificate authority: one folder that only its operators read, no service and no network.

| in the folder | what |
| --- | --- |
| `ca.key`, `ca.pem` | EC P-256, ten years; may sign certificates and revocation lists, and no other authority |
| `crl.pem` | what was revoked; written anew with every revocation |
| `issued/NAME/SERIAL.pem` | every certificate ever given out |
| `claims/GATEWAY.json` | open claims (see `claims`, `approval`) |

Rules: a name below `hq.` is HQ's own, and no gateway can have it (a gateway's name has no dot). The broker's certificate serves
and never asks, all others ask and never serve. The list of the revoked does not expire before the authority does: a broker that
was cut off from HQ's operators must not lock out every gateway. Whoever changes something holds the folder's lock.
"""

import fcntl
import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge_sync import certificates, durable
from edge_sync.certificates import HASH, PEM
from edge_sync.errors import Refused

Role = Literal["sink", "operator", "reader"]
"""Who at HQ: takes in and confirms; sends orders; only listens."""
ROOT_LIFE: Final = timedelta(days=3652)
HQ_LIFE: Final = timedelta(days=825)
GATEWAY_LIFE: Final = timedelta(days=90)
_SKEW: Final = timedelta(hours=1)
"""Certificates begin a little earlier: a gateway's clock may be behind HQ's."""
_REMEDY: Final = "run `edge-hq ca init DIR` first"


class Authority:
    """`Authority.open(folder)`; times come from `now` so that a test can stand in another year."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.folder = folder
        self.certificate = certificate
        self._key = key

    @classmethod
    def create(cls, folder: Path, *, now: datetime | None = None) -> Self:
        """Make a new authority; Refused when the folder holds one."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (folder / "ca.key").exists():
            raise Refused("there is a CA in that folder already", remedy="choose another folder; keys are never overwritten")
        start = (now or datetime.now(UTC)) - _SKEW
        key, name = certificates.new_key(), certificates.subject("hq.ca")
        built = _begun(name, name, key.public_key(), start, start + ROOT_LIFE).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        made = cls(folder, key, _usage(built, signs_certificates=True).sign(key, HASH))
        durable.write(folder / "ca.pem", made.certificate.public_bytes(PEM), mode=0o644)
        durable.write(folder / "crl.pem", made._crl(()), mode=0o644)
        durable.write(folder / "ca.key", certificates.key_pem(key))
        return made

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Refused when there is none, or when its key is readable by others."""
        key_file = folder / "ca.key"
        pem = durable.read(key_file, remedy=_REMEDY)
        if key_file.stat().st_mode & 0o077:
            raise Refused("ca.key is readable by others", remedy="chmod 600 it")
        certificate = certificates.load_pem(durable.read(folder / "ca.pem", remedy=_REMEDY))
        return cls(folder, certificates.load_key(pem), certificate)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else approves, revokes or claims meanwhile."""
        with (self.folder / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def server(self, hosts: Sequence[str], *, now: datetime | None = None) -> tuple[bytes, bytes]:
        """(key, certificate), PEM, of a broker that is reached under these names or addresses."""
        key = certificates.new_key()
        names = x509.SubjectAlternativeName([_general(host) for host in hosts])
        built = self._issuing("hq.broker", "", key.public_key(), HQ_LIFE, now).add_extension(names, critical=False)
        certificate = self._signed("hq.broker", built, ExtendedKeyUsageOID.SERVER_AUTH)
        return certificates.key_pem(key), certificate.public_bytes(PEM)

    def client(self, role: Role, instance: str = "", *, now: datetime | None = None) -> tuple[bytes, bytes]:
        """(key, certificate), PEM, of one of HQ's own; `instance` tells several of a role apart."""
        key, name = certificates.new_key(), f"hq.{role}.{instance}" if instance else f"hq.{role}"
        built = self._issuing(name, "", key.public_key(), HQ_LIFE, now)
        certificate = self._signed(name, built, ExtendedKeyUsageOID.CLIENT_AUTH)
        return certificates.key_pem(key), certificate.public_bytes(PEM)

    def gateway(self, name: str, tenant: str, key: ec.EllipticCurvePublicKey, *, now: datetime | None = None) -> x509.Certificate:
        """A gateway's certificate, 90 days."""
        return self._signed(name, self._issuing(name, tenant, key, GATEWAY_LIFE, now), ExtendedKeyUsageOID.CLIENT_AUTH)

    def issued(self, name: str) -> list[x509.Certificate]:
        return [certificates.load_pem(path.read_bytes()) for path in sorted((self.folder / "issued" / name).glob("*.pem"))]

    def own(self) -> list[str]:
        """HQ's names that hold a certificate which is not revoked, `hq.broker` among them."""
        revoked = self.revoked()
        names = sorted(path.name for path in (self.folder / "issued").glob("hq.*"))
        return [name for name in names if any(one.serial_number not in revoked for one in self.issued(name))]

    def revoke(self, name: str, *, now: datetime | None = None) -> int:
        """Put every certificate of `name` on the list; returns how many were not on it yet."""
        before = self.revoked()
        fresh = {one.serial_number for one in self.issued(name)} - before.keys()
        at = now or datetime.now(UTC)
        if fresh:
            entries = [*before.items(), *((serial, at) for serial in sorted(fresh))]
            durable.write(self.folder / "crl.pem", self._crl(entries), mode=0o644)
        return len(fresh)

    def revoked(self) -> dict[int, datetime]:
        """Serial number -> since when."""
        listed = x509.load_pem_x509_crl(durable.read(self.folder / "crl.pem", remedy=_REMEDY, limit=1 << 28))
        return {one.serial_number: one.revocation_date_utc for one in listed}

    def _issuing(
        self, name: str, tenant: str, key: ec.EllipticCurvePublicKey, life: timedelta, now: datetime | None
    ) -> x509.CertificateBuilder:
        start = now or datetime.now(UTC)
        end = min(start + life, self.certificate.not_valid_after_utc)
        built = _begun(certificates.subject(name, tenant), self.certificate.subject, key, start - _SKEW, end)
        return _usage(built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True))

    def _signed(self, name: str, built: x509.CertificateBuilder, use: x509.ObjectIdentifier) -> x509.Certificate:
        """Signed, and written down before anyone gets it: what is not here could not be revoked."""
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        built = built.add_extension(x509.ExtendedKeyUsage([use]), critical=True).add_extension(issuer, critical=False)
        certificate = built.sign(self._key, HASH)
        folder = self.folder / "issued" / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.write(folder / f"{certificate.serial_number:040x}.pem", certificate.public_bytes(PEM), mode=0o644)
        for above in (folder.parent, self.folder):
            durable.sync_folder(above)
        return certificate

    def _crl(self, entries: Sequence[tuple[int, datetime]]) -> bytes:
        built = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(min(datetime.now(UTC), self.certificate.not_valid_after_utc - _SKEW))
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(len(entries) + 1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for serial, at in entries:
            built = built.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            )
        return built.sign(self._key, HASH).public_bytes(PEM)


def write_pair(folder: Path, name: str, pair: tuple[bytes, bytes]) -> None:
    """`NAME.key` (0600) and `NAME.pem`; Refused when the key is there already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if (folder / f"{name}.key").exists():
        raise Refused(f"{name}.key exists", remedy="move it away first; keys are never overwritten")
    durable.write(folder / f"{name}.key", pair[0])
    durable.write(folder / f"{name}.pem", pair[1], mode=0o644)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    built = built.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    return built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(built: x509.CertificateBuilder, *, signs_certificates: bool = False) -> x509.CertificateBuilder:
    return built.add_extension(
        x509.KeyUsage(
            digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
            content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        ),
        critical=True,
    )  # fmt: skip


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise Refused("a host is neither an address nor a name", remedy="give names in ASCII") from error
