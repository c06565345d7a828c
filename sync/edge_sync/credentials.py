"""What a box shows to its broker: one folder with key, certificate, CA and the broker's address, replaced as a whole.

The place is a link to a folder beside it, so that no moment has the key of one certificate and the paper of another: a renewal
makes the new folder durable and then swings the link. Every connect reads the files anew: a running uplink needs no restart.
"""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from edge_sync import durable, log
from edge_sync.errors import Refused
from edge_sync.link import Endpoint

_LOOK_EVERY_S: Final = 6 * 3600.0


class Broker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`broker.json`: where this box was told to connect."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What HQ's grant brings, PEM, with the key it is for."""

    name: str
    key: bytes
    certificate: bytes
    ca: bytes
    broker: Broker


def install(place: Path, issued: Issued) -> None:
    """Put it in force, durably; `issued.name` names the folder (a serial number) and is never used twice for other content.

    Raises:
        Refused: the file system says no; what was in force stays so.
    """
    folder = place.with_name(f"{place.name}-{issued.name}")
    swing = place.with_name(f".{place.name}.swing")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with durable.held(folder) as own:  # whoever owns the place could exchange it for a link while we write
            for file, content in (
                ("key.pem", issued.key), ("certificate.pem", issued.certificate), ("ca.pem", issued.ca),
                ("broker.json", msgspec.json.encode(issued.broker)),
            ):  # fmt: skip
                durable.write(own / file, content)
        swing.unlink(missing_ok=True)
        swing.symlink_to(folder.name)
        swing.replace(place)
        durable.sync_folder(place.parent)
        for old in place.parent.glob(f"{place.name}-*"):
            if old != folder:
                shutil.rmtree(old)
    except OSError as error:
        raise Refused(f"certificate cannot be put in place ({error.strerror})", remedy="check the uplink's folder") from error


def endpoint(place: Path) -> Endpoint | None:
    """Where and as whom to connect; None before the enrolment. Refused when the folder is damaged."""
    try:
        broker = msgspec.json.decode((place / "broker.json").read_bytes(), type=Broker)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Refused("enrolment is damaged", remedy="run `edge-agent enrol accept GRANT` again, or enrol anew") from error
    ca, certificate, key = (str(place / name) for name in ("ca.pem", "certificate.pem", "key.pem"))
    return Endpoint(host=broker.host, port=broker.port, ca=ca, certificate=certificate, key=key)


class Expiry:
    """Says in the log, a few times a day, that the certificate is due for renewal. Never stops anything."""

    def __init__(self, certificate: str) -> None:
        self._certificate = certificate
        self._look_at = 0.0

    def look(self) -> None:
        now = time.monotonic()
        if not self._certificate or now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        from edge_sync import certificates  # noqa: PLC0415 - only who has a certificate needs it

        try:
            held = certificates.load_pem(Path(self._certificate).read_bytes())
        except (OSError, Refused) as error:
            log.get().warning("certificate.unreadable", error=type(error).__name__)
            return
        at = datetime.now(UTC)
        standing = certificates.standing(held, at)
        if standing != "good":
            log.get().warning("certificate.ending", state=standing, wait_s=int(certificates.life_left(held, at).total_seconds()))
