"""The box's own keys and its officers' public keys, in one private folder.

| file | what |
| --- | --- |
| `device.age` | age identity; opens hot wraps |
| `signing.key` | Ed25519 private key, 32 bytes base64; signs manifests, requests, messages to HQ, the recipient lists |
| `digest.key` | 32 random bytes base64; recognises the same content twice (`content`) |
| `recipients.toml` | LEGAL's and HR's age recipients, signed; written last: without it the folder counts as empty |
| `hq.pub` | HQ's Ed25519 operations public key, 32 bytes base64; absent when there is no HQ |

Rules: files 0600; each list has at least one key and no key stands in both. That two keys belong to two persons no cryptography
can show: it is decided where officers are enrolled.
"""

import tomllib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Final, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge_agent.errors import BadConfig, BadInput, NotAllowed, NotFound
from edge_agent.vault import durable
from edge_agent.vault.refusal import broken
from edge_agent.vault.shares import Role
from edge_agent.vault.x25519 import Identity, Recipient

_LISTS: Final = "recipients.toml"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who opens recordings, together: one of `legal` and one of `hr`."""

    legal: tuple[Recipient, ...]
    hr: tuple[Recipient, ...]

    @classmethod
    def parse(cls, legal: Sequence[str], hr: Sequence[str]) -> Self:
        """Read two lists of "age1…".

        Raises:
            BadConfig: an empty list, an unreadable or repeated key, or one that stands in both lists.
        """
        return cls(**_distinct({Role.LEGAL: legal, Role.HR: hr}))

    def of(self, role: Role) -> tuple[Recipient, ...]:
        return self.legal if role is Role.LEGAL else self.hr

    @property
    def canonical(self) -> bytes:
        """What is signed and digested: sorted lists as JSON."""
        return msgspec.json.encode({"legal": sorted(map(str, self.legal)), "hr": sorted(map(str, self.hr))})

    @property
    def digest(self) -> str:
        return sha256(self.canonical).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKeys:
    """The keys in use. `recipients` verified; `hq_public` is None when this box has no HQ."""

    folder: Path
    device_identity: Identity
    recipients: Recipients
    digest_key: bytes = field(repr=False)
    hq_public: bytes | None
    _signing: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def create(cls, folder: Path, *, legal: Sequence[str], hr: Sequence[str], hq_public: bytes | None = None) -> Self:
        """Make a new box's keys, durably; what an interrupted attempt left is replaced.

        Raises:
            BadConfig: see `Recipients.parse`, or an HQ key that is not 32 bytes.
            NotAllowed: there are keys here already (sealed recordings depend on them).
        """
        recipients = Recipients.parse(legal, hr)
        if hq_public is not None:
            _public(hq_public)
        durable.folder(folder)
        if _LISTS in durable.names(folder):
            raise NotAllowed("this box has keys already", remedy="use another state directory", zh="本机已有密钥，不能重新生成")
        signing = Ed25519PrivateKey.generate()
        durable.write(folder / "device.age", Identity.generate().text.encode() + b"\n")
        durable.write(folder / "signing.key", _base64(signing.private_bytes_raw()))
        durable.write(folder / "digest.key", _base64(token_bytes(_KEY_BYTES)))
        if hq_public is not None:
            durable.write(folder / "hq.pub", _base64(hq_public))
        else:
            durable.destroy(folder / "hq.pub")
        durable.write(folder / _LISTS, _written(recipients, signing))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read and check the keys.

        Raises:
            NotFound: this box has none yet.
            NotAllowed: a secret file is readable by others.
            BadConfig, SealBroken: a file is damaged, or the recipient lists are not the ones this box signed.
        """
        if _LISTS not in durable.names(folder):
            raise NotFound("this box has no keys yet", remedy="run `edge-agent init`", zh="本机尚未生成密钥，请先初始化")
        signing = Ed25519PrivateKey.from_private_bytes(_secret(folder, "signing.key"))
        try:
            device = Identity.parse(_private(folder / "device.age").decode("ascii", "replace").strip())
        except BadInput as error:
            raise BadConfig("device.age is damaged", remedy="restore it from the box's backup") from error
        return cls(
            folder=folder, device_identity=device, recipients=_lists(folder, signing.public_key()),
            digest_key=_secret(folder, "digest.key"), hq_public=_hq(folder), _signing=signing,
        )  # fmt: skip

    def enrol(self, *, legal: Sequence[str], hr: Sequence[str]) -> Self:
        """Put new lists in place of the old, durably; the caller logs the change (old and new digest).

        Objects sealed from now on are for the new officers. Older ones keep their shares; an officer who left the lists
        cannot release on this box any more, and one who joined opens nothing older.

        Raises:
            BadConfig: see `Recipients.parse`; the old lists stay.
        """
        recipients = Recipients.parse(legal, hr)
        durable.write(self.folder / _LISTS, _written(recipients, self._signing))
        return replace(self, recipients=recipients)

    def trust(self, hq_public: bytes) -> None:
        """Keep HQ's operations key, durably, where there was none; a worker that runs learns it with its next start.

        Raises:
            NotAllowed: this box trusts another key already.
        """
        if self.hq_public not in {None, hq_public}:
            raise NotAllowed("this box trusts another HQ key", remedy="use another state directory", zh="本机已信任另一总部公钥")
        durable.write(self.folder / "hq.pub", _base64(_public(hq_public)))

    @property
    def public(self) -> bytes:
        """The box's Ed25519 public key, 32 bytes: what HQ enrols and officers see."""
        return self._signing.public_key().public_bytes_raw()

    @property
    def recipients_digest(self) -> str:
        return self.recipients.digest

    def sign(self, message: bytes) -> bytes:
        """Ed25519, 64 bytes."""
        return self._signing.sign(message)


def _distinct(lists: dict[Role, Sequence[str]]) -> dict[str, tuple[Recipient, ...]]:
    seen: dict[Recipient, Role] = {}
    for role, texts in lists.items():
        if not texts:
            raise BadConfig(
                f"no {role.upper()} officer", remedy="give at least one key for each role", zh="法务与人事各需至少一把公钥"
            )
        for number, text in enumerate(texts, 1):
            try:
                recipient = Recipient.parse(text.strip())
            except BadInput as error:
                raise BadConfig(f"{role}[{number}]: {error.message}", remedy=error.remedy, zh=error.zh) from error
            if recipient in seen:
                raise BadConfig(
                    f"{role}[{number}]: the same key stands in {seen[recipient]} already", remedy="one person, one role, one key",
                    zh="同一把公钥不能重复，也不能同时属于法务与人事",
                )  # fmt: skip
            seen[recipient] = role
    return {role.value: tuple(key for key, owner in seen.items() if owner is role) for role in lists}


def _written(recipients: Recipients, signing: Ed25519PrivateKey) -> bytes:
    lists = (f"{role.value} = {msgspec.json.encode([str(key) for key in recipients.of(role)]).decode()}\n" for role in Role)
    signature = b64encode(signing.sign(_message(recipients))).decode()
    note = "# Who opens recordings, together: one of legal and one of hr. Signed by this box; an edit here is refused.\n"
    return f'{note}{"".join(lists)}signature = "{signature}"\n'.encode()


def _lists(folder: Path, public: Ed25519PublicKey) -> Recipients:
    class Lists(msgspec.Struct, forbid_unknown_fields=True):
        legal: list[str]
        hr: list[str]
        signature: str

    try:
        given = msgspec.convert(tomllib.loads(_private(folder / _LISTS).decode()), Lists)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadConfig(f"{_LISTS} breaks its schema", remedy="restore it from the box's backup") from error
    recipients = Recipients.parse(given.legal, given.hr)
    try:
        public.verify(b64decode(given.signature, validate=True), _message(recipients))
    except (InvalidSignature, ValueError) as error:
        raise broken(f"{_LISTS}: the signature does not verify") from error
    return recipients


def _message(recipients: Recipients) -> bytes:
    return b"recipients\n" + recipients.canonical


def _hq(folder: Path) -> bytes | None:
    return _public(_secret(folder, "hq.pub")) if "hq.pub" in durable.names(folder) else None


def _public(raw: bytes) -> bytes:
    if len(raw) != _KEY_BYTES:
        raise BadConfig("HQ's key is not an Ed25519 public key", remedy="paste the line that `edge-hq keygen` printed")
    return raw


def _secret(folder: Path, name: str) -> bytes:
    try:
        content = b64decode(_private(folder / name).strip(), validate=True)
    except ValueError as error:
        raise BadConfig(f"{name} is damaged", remedy="restore it from the box's backup") from error
    if len(content) != _KEY_BYTES:
        raise BadConfig(f"{name} is damaged", remedy="restore it from the box's backup")
    return content


def _private(path: Path) -> bytes:
    if durable.open_to_others(path):
        raise NotAllowed(f"{path.name} is readable by others", remedy=f"chmod 600 {path.name}", zh="密钥文件权限过宽，请改为 600")
    return durable.read(path)


def _base64(content: bytes) -> bytes:
    return b64encode(content) + b"\n"
