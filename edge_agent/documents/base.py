"""What all documents have in common: closed, frozen, and printed only after they were read back against their own type."""

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


def encode(document: msgspec.Struct) -> str:
    """Exactly one JSON document, UTF-8, validated against its own type."""
    raw = msgspec.json.encode(document)
    msgspec.json.decode(raw, type=type(document))
    return raw.decode()
