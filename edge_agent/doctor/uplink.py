"""The way to HQ as the doctor sees it: certificate, its CA, and whether the broker answers. Sends nothing but a handshake."""

import socket
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_agent import privilege
from edge_agent.config import Config
from edge_agent.doctor.facts import Link

if TYPE_CHECKING:
    from edge_sync.link import Endpoint

_CONNECT_S: Final = 3.0
_ALERT_S: Final = 0.5
"""With TLS 1.3 a refused client certificate is told after the handshake."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@privilege.raised()  # the uplink's folder is its own
def link(settings: Config) -> Link:
    end = _endpoint(settings)
    known = (settings.paths.uplink / "hq.pub").exists()
    if end is None:
        return Link(hq_key=known, tls=True)
    if not end.certificate:
        return Link(hq_key=known, tls=bool(end.ca), reached=reached(end) if known else None)
    standing, days, trusted = _certificate(end)
    return Link(
        hq_key=known, tls=True, standing=standing, days_left=days, trusted=trusted, key_open=_open(Path(end.key)),
        reached=reached(end) if known else None,
    )  # fmt: skip


def _endpoint(settings: Config) -> "Endpoint | None":
    """Where the uplink connects, as `run uplink` decides it; None when the enrolment is damaged."""
    from edge_sync import credentials  # noqa: PLC0415 - not for --help
    from edge_sync.errors import Refused  # noqa: PLC0415
    from edge_sync.link import Endpoint  # noqa: PLC0415

    broker = settings.broker
    configured = Endpoint(host=broker.host, port=broker.port, ca=broker.ca, certificate=broker.certificate, key=broker.key)
    try:
        return configured if broker.ca else credentials.endpoint(settings.paths.tls) or configured
    except Refused:
        return None


def _certificate(end: "Endpoint") -> tuple[str | None, int, bool | None]:
    """Standing, whole days left, and whether the CA beside it issued it."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    from edge_sync import certificates  # noqa: PLC0415

    try:
        held = x509.load_pem_x509_certificate(Path(end.certificate).read_bytes())
        ca = x509.load_pem_x509_certificate(Path(end.ca).read_bytes())
    except (OSError, ValueError):
        return None, 0, None
    now = datetime.now(UTC)
    try:
        held.verify_directly_issued_by(ca)
        trusted = True
    except (InvalidSignature, ValueError, TypeError):
        trusted = False
    return certificates.standing(held, now), max(0, certificates.life_left(held, now).days), trusted


def _open(key: Path) -> bool:
    try:
        return bool(key.stat().st_mode & _OTHERS)
    except OSError:
        return False


def reached(end: "Endpoint", *, connect_s: float = _CONNECT_S) -> str | None:
    """Empty when the broker answers, else a short word; None when our own files cannot be used for the try."""
    try:
        with socket.create_connection((end.host, end.port), timeout=connect_s) as line:
            return _handshake(line, end) if end.ca else ""
    except ssl.SSLError:
        return "tls"
    except TimeoutError:
        return "timeout"
    except ConnectionError:
        return "refused"
    except socket.gaierror:
        return "name"
    except OSError:
        return "unreachable"


def _handshake(line: socket.socket, end: "Endpoint") -> str | None:
    try:
        context = ssl.create_default_context(cafile=end.ca)
        if end.certificate:
            context.load_cert_chain(end.certificate, end.key)
    except (OSError, ssl.SSLError):
        return None
    with context.wrap_socket(line, server_hostname=end.host) as wrapped:
        wrapped.settimeout(_ALERT_S)
        try:
            return "" if wrapped.recv(1) else "tls"
        except TimeoutError:
            return ""
        except ConnectionError:
            return "tls"
