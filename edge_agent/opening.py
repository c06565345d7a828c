"""Opening one recording with two persons: the box's side of it (see `vault.request`, `vault.release`, `vault.unseal`).

Both acts are audited before anything is written: that there was a request, and who opened what.
"""

from collections.abc import Sequence
from pathlib import Path

from edge_agent import app
from edge_agent.config import Config
from edge_agent.documents import Released, Requested


def request(settings: Config, object_id: str, *, purpose: str, hours: float, output: Path) -> Requested:
    """Write a request for one object, for both officers. NotFound, SealBroken, BadInput, NotAllowed."""
    from edge_agent.vault import handed  # noqa: PLC0415
    from edge_agent.vault import request as requests  # noqa: PLC0415

    keys = app.keys(settings)
    asked = requests.ask(app.vault(settings, keys), object_id, purpose=purpose, hours=hours, now=app.SystemClock().now())
    ledger = app.ledger(settings, keys)
    try:
        ledger.noted("opening.requested", object=asked.object_id, request=asked.id)
    finally:
        ledger.close()
    with handed.give(output) as file:
        file.write(asked.document)
    return Requested(request=asked.id, object=asked.object_id, expires_at=asked.expires_at.isoformat())


def unseal(settings: Config, object_id: str, *, shares: Sequence[Path], output: Path, identity: bool) -> Released:
    """Open one object with LEGAL's and HR's releases. NotAllowed, SealBroken, BadInput, NotFound."""
    from edge_agent.vault import handed  # noqa: PLC0415
    from edge_agent.vault import unseal as opening  # noqa: PLC0415

    keys = app.keys(settings)
    documents = [handed.take(path, "release") for path in shares]
    opened = opening.combine(app.vault(settings, keys), object_id, documents, now=app.SystemClock().now())
    ledger = app.ledger(settings, keys)
    try:
        ledger.noted(
            "object.opened", object=object_id, request=opened.request_id,
            **{role.value: recipient for role, recipient in opened.officers.items()},
        )  # fmt: skip
    finally:
        ledger.close()
    return Released(object=object_id, bytes=opened.write(output, identity=identity), wrote="identity" if identity else "content")
