"""Two releases become one opening: on the box, in memory, for the object, purpose and time both officers agreed to.

Refused: fewer or more than two shares, one role or one officer twice, a share for another object, request, purpose or box, an
expired or used request, an officer who is no longer on the signed lists or who asked, a changed share. The shares meet only in
`combine`.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.errors import NotAllowed
from edge_agent.vault import age, handed, managers, request
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.managers import BOX, Manager
from edge_agent.vault.refusal import broken
from edge_agent.vault.release import Release
from edge_agent.vault.shares import Role
from edge_agent.vault.span import Uptime
from edge_agent.vault.x25519 import Identity

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An object that two officers opened. Log it (object, request, officers) before `write`: that is the logged act.

    `officers` are the age recipients of who released, `requester` as in the request; `purpose` stays on the box.
    """

    object_id: str
    request_id: str
    purpose: str
    requester: str
    minutes: int
    officers: Mapping[Role, str]
    identity: Identity
    vault: DeviceVault = field(repr=False)

    def write(self, output: Path, *, identity: bool = False, shown: Callable[[bytes], bytes] | None = None) -> int:
        """Write the plaintext (or the object's age identity file) to a new file, then destroy the session; gives its bytes.

        `shown` makes of a small document what may be seen of it.

        Raises:
            SealBroken: the object does not verify; no file appears. NotAllowed, BadInput, Unavailable: see `handed.give`.
        """
        written = 0
        with handed.give(output) as file:
            if identity:
                written += file.write(identity_file(self.identity))
            else:
                with self.vault.open_with(self.object_id, self.identity) as plain:
                    if shown is not None:
                        written += file.write(shown(plain.read()))
                    while block := plain.read(_BLOCK):
                        written += file.write(block)
        self.forget()
        return written

    def read(self) -> bytes:
        """The plaintext of a small document, in memory alone. SealBroken."""
        with self.vault.open_with(self.object_id, self.identity) as plain:
            return plain.read()

    def forget(self) -> None:
        """Destroy the session: its request opens nothing more."""
        request.forget(self.vault.keys, self.request_id)


def combine(
    vault: DeviceVault, object_id: str, documents: Sequence[bytes], *, now: datetime, up: Uptime | None = None
) -> Opening:
    """Check two release documents against each other, the kept session and the lists, and join them.

    Raises:
        NotAllowed: who, what or when does not fit (see the module). NotFound: no such object.
        SealBroken: a share, or the object under the joined identity, does not verify.
    """
    releases = _two([_read(document) for document in documents])
    if any(one.object != object_id for one in releases.values()):
        raise _not_allowed("a share was released for another object", "份额属于另一个对象", "other-object")
    kept = request.session(vault.keys, releases[Role.LEGAL].request)
    asked = (kept.object, kept.id, kept.binding)
    if any((object_id, one.request, one.binding) != asked for one in releases.values()):
        raise _not_allowed("a share was released for another request or purpose", "份额属于另一份申请", "other-request")
    if kept.span.is_over(now, up or Uptime.here()):
        request.forget(vault.keys, kept.id)
        raise _not_allowed("the request has expired", "申请已过期", "expired")
    _check_requester(kept.requester, releases, vault.keys)
    session = Identity.parse(kept.identity)
    halves = {role: _share(one, session, vault.keys) for role, one in releases.items()}
    identity = vault.join(object_id, halves)
    with vault.open_with(object_id, identity):
        pass  # header and end of the stream verify
    return Opening(
        object_id=object_id, request_id=kept.id, purpose=kept.purpose, requester=kept.requester, minutes=kept.minutes,
        officers={role: one.officer for role, one in releases.items()}, identity=identity, vault=vault,
    )  # fmt: skip


def identity_file(identity: Identity) -> bytes:
    """An identity as a file that the stock `age -d -i` takes."""
    return f"# public key: {identity.recipient}\n{identity.text}\n".encode()


def _two(releases: Sequence[Release]) -> dict[Role, Release]:
    if len(releases) != len(Role):
        raise _not_allowed("two shares are needed, one of each role", "需要法务与人事各一份", "not-two")
    by_role = {one.role: one for one in releases}
    if len(by_role) != len(Role):
        raise _not_allowed(
            f"both shares are {releases[0].role.upper()}'s", "两份份额来自同一角色，需要法务与人事各一份", "one-role"
        )
    if releases[0].officer == releases[1].officer:
        raise _not_allowed("one officer released both shares", "两份份额来自同一人", "one-officer")
    return by_role


def _read(document: bytes) -> Release:
    try:
        return msgspec.json.decode(document, type=Release)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise broken("release: not a share that edge-officer made, or truncated") from error


def _share(one: Release, session: Identity, keys: DeviceKeys) -> bytes:
    officer = next((key for key in keys.recipients.of(one.role) if str(key) == one.officer), None)
    if officer is None:
        raise _not_allowed(f"the officer is not on this box's {one.role.upper()} list", "放行人不在本机的名单中", "not-listed")
    if not hmac.compare_digest(one.mac, one.authenticated(session, officer)):
        raise broken("release: it was changed, or is not this officer's")
    return age.decrypt_bytes([session], one.sealed)


def _check_requester(requester: str, releases: Mapping[Role, Release], keys: DeviceKeys) -> None:
    if requester == BOX:
        return
    manager = Manager.parse(requester)
    if managers.is_officer(keys, manager) or str(manager.recipient) in {one.officer for one in releases.values()}:
        raise _not_allowed("who asked cannot release", "申请人不能自己放行", "requester-is-officer")


def _not_allowed(message: str, zh: str, reason: str) -> NotAllowed:
    return NotAllowed(message, remedy="make one request and have LEGAL and HR each release it", zh=zh, reason=reason)
