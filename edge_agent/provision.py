"""Making a box, once: its keys, its officers' public keys, HQ's public key, its folders and its ledger. Later: other officers."""

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence

from edge_agent import app, privilege
from edge_agent.config import Config
from edge_agent.documents import Officers, Ready
from edge_agent.errors import BadConfig, BadInput


def provision(settings: Config, *, legal: Sequence[str], hr: Sequence[str], hq_key: str = "") -> Ready:
    """Create everything `run worker` needs; `legal` and `hr` are age recipients, `hq_key` base64 as `edge-hq keygen` prints it.

    Raises:
        NotAllowed: this box has keys already. BadConfig: a recipient is not one, or one person holds both roles.
        BadInput: "hq-key".
    """
    from edge_agent.vault import durable  # noqa: PLC0415 - not for --help
    from edge_agent.vault.keys import DeviceKeys  # noqa: PLC0415
    from edge_sync.durable import held  # noqa: PLC0415

    paths = settings.paths
    public = _public(hq_key) if hq_key else None
    for folder in (paths.root, paths.inbox, paths.bays, paths.floors, paths.run, paths.cache, paths.uplink):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = DeviceKeys.create(paths.keys, legal=legal, hr=hr, hq_public=public)
    if public is not None:
        with privilege.raised(), held(paths.uplink) as uplink:  # the account that owns it could lay links there
            durable.write(uplink / "hq.pub", b64encode(public) + b"\n")
            handle = os.open(uplink / "hq.pub", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            os.fchmod(handle, 0o644)  # public, and read by the uplink's account
            os.close(handle)
    app.ledger(settings, keys).close()
    return Ready(
        gateway=settings.gateway,
        tenant=settings.tenant,
        gateway_key=b64encode(keys.public).decode(),
        recipients=keys.recipients_digest,
    )


def officers(settings: Config, *, legal: Sequence[str], hr: Sequence[str]) -> Officers:
    """The officers; with new lists (age recipients) those first take the place of the old, and the log says so.

    A running worker seals for the old ones until it is started again. What is sealed already stays with the officers it was
    sealed for, of whom only those who are still on the lists can release it here.

    Raises:
        BadConfig: see `Recipients.parse`, or a key is that of a manager; the old lists stay. NotFound: no keys yet.
    """
    from edge_agent.vault import managers  # noqa: PLC0415
    from edge_agent.vault.keys import DeviceKeys, Recipients  # noqa: PLC0415

    keys = DeviceKeys.load(settings.paths.keys)
    before = keys.recipients_digest
    if legal or hr:
        new = Recipients.parse(legal, hr)
        if {one.recipient for one in managers.enrolled(keys)} & {*new.legal, *new.hr}:
            raise BadConfig("a manager's key", remedy="one person, one role, one key", zh="放行人不能是申请人（经理）")
        ledger = app.ledger(settings, keys)
        try:
            keys = keys.enrol(legal=legal, hr=hr)
            if keys.recipients_digest != before:
                ledger.changed("recipients", before=before, after=keys.recipients_digest)
        finally:
            ledger.close()
    return Officers(
        legal=[one.fingerprint for one in keys.recipients.legal], hr=[one.fingerprint for one in keys.recipients.hr],
        recipients=keys.recipients_digest, before=before,
    )  # fmt: skip


def _public(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise BadInput("hq-key", "HQ's key is not base64", remedy="paste the line that `edge-hq keygen` printed") from error
