"""The offline bundle: what was made, and what checking one found."""

from typing import Literal

from edge_agent.documents.base import Document


class BundleBuilt(Document, frozen=True, kw_only=True):
    """`signed_by` is the public key (base64) that verifies it; empty = unsigned."""

    version: str
    wheels: int
    models: list[str]
    files: int
    bytes: int
    signed_by: str


class BundleFault(Document, frozen=True, kw_only=True):
    """`path` is a listed file; for "unlisted" the folder in which `count` files lie that SHA256SUMS does not know."""

    path: str
    state: Literal["missing", "wrong-digest", "unlisted"]
    count: int = 1


class BundleChecked(Document, frozen=True, kw_only=True):
    """`ok` = every file is there, right and listed, and the signature is right or was not asked for.

    "not-checked" = no public key was given: damage was looked for, forgery was not.
    """

    ok: bool
    signature: Literal["valid", "wrong", "absent", "not-checked"]
    version: str
    machine: str
    python: str
    files: int
    faults: list[BundleFault]
