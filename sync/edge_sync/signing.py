"""Ed25519 keys of the wire: raw 32 bytes, base64 in files and on command lines. No media key is ever here.

A private key file is created 0600, never overwritten, and durable (file and directory fsynced) before `create` returns.
"""

import base64
import binascii
import os
from collections.abc import Callable
from pathlib import Path

from edge_sync.errors import Refused


def create(path: Path) -> bytes:
    """Write a new private key to `path` and return its public half (32 bytes); Refused when the file exists."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - `--help` is light

    private = Ed25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused("key file exists", remedy="choose another name; keys are never overwritten") from None
    except OSError as error:
        raise Refused(f"key file cannot be written ({error.strerror})", remedy="check its directory") from error
    try:
        os.write(handle, base64.b64encode(private.private_bytes_raw()) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    _fsync_directory(path.parent)
    return private.public_key().public_bytes_raw()


def load(path: Path) -> bytes:
    """The private key in `path` (32 bytes); Refused when it is missing, readable by others, or not a key."""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except OSError as error:
        raise Refused(f"key file cannot be read ({error.strerror})", remedy="edge-hq keygen -o KEY") from error
    if mode & 0o077:
        raise Refused("key file is readable by others", remedy="chmod 600 it")
    return _raw(text, "key file")


def public_key(text: str) -> bytes:
    """A public key from its 44 base64 characters; Refused otherwise."""
    return _raw(text.encode(), "public key")


def public_of(private: bytes) -> bytes:
    """The public half (32 bytes) of a raw private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def text_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


def signer(private: bytes) -> Callable[[bytes], bytes]:
    """What `wire.seal` signs with."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    return Ed25519PrivateKey.from_private_bytes(private).sign


def verifier(public: bytes) -> Callable[[bytes, bytes], bool]:
    """What `wire.open` verifies with: (message, signature) -> bool; never raises for a wrong signature."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    key = Ed25519PublicKey.from_public_bytes(public)

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


def _raw(text: bytes, what: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise Refused(f"{what} is not base64", remedy="give it exactly as keygen printed it") from None
    if len(raw) != 32:
        raise Refused(f"{what} is not 32 bytes", remedy="give it exactly as keygen printed it")
    return raw


def _fsync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
