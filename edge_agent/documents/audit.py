"""The audit log as a compliance officer reads it: rows in words, the answer of a check, what was written out."""

from typing import Any

from edge_agent.documents.base import Document


class AuditLine(Document, frozen=True, kw_only=True):
    """One row. `zh`/`en` say what happened; `body` holds ids, codes and numbers."""

    seq: int
    at: str
    boot: str
    kind: str
    zh: str
    en: str
    body: dict[str, Any]


class AuditList(Document, frozen=True, kw_only=True):
    """`rows` as chosen, of `total`."""

    rows: list[AuditLine]
    total: int


class AuditVerified(Document, frozen=True, kw_only=True):
    """Whether nothing was changed. `cosigned` = rows that HQ vouches for, by the word it sent or by the file that was brought.

    `window` = rows since then: who holds the device key could still rewrite those unseen. `hq_key` = HQ's key as this box
    has it: without a file from HQ, its word counts only when HQ knows that key. `others` = further logs of this gateway at HQ.
    """

    intact: bool
    log: str
    rows: int
    cosigned: int
    window: int
    checkpoints: int
    hq_key: str = ""
    others: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""


class AuditProved(Document, frozen=True, kw_only=True):
    """One row with its proof was written; `size` and `cosigned` are of the checkpoint that it leads to."""

    seq: int
    size: int
    cosigned: bool


class AuditExported(Document, frozen=True, kw_only=True):
    rows: int
    cosigned: int
    files: list[str]
