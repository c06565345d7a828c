"""What can be noted of a finished talk besides its text: how it was conducted (metrics) and what was named in it (facts).

Facts may hold a telephone number: they are sealed with the transcript and never leave. Metrics are numbers about time.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge_agent.domain.metrics import Metrics


class FactKind(StrEnum):
    NUMBER = "number"
    MONEY = "money"
    QUANTITY = "quantity"
    PERCENT = "percent"
    DURATION = "duration"
    DATE = "date"
    PHONE = "phone"
    ID_CARD = "id-card"
    BANK_CARD = "bank-card"
    PLATE = "plate"
    PASSPORT = "passport"
    EMAIL = "email"
    ACCOUNT = "account"
    """A WeChat or QQ number, named as one."""
    ORGANISATION = "organisation"
    """A unified social credit code: it names a company, not a person."""
    UNCLEAR = "unclear"
    """Named as a telephone, identity or card number, but no such number: misheard or mistyped."""

    @property
    def personal(self) -> bool:
        """Whether a view masks it."""
        return self in _PERSONAL


_PERSONAL: Final = frozenset(
    {
        FactKind.PHONE, FactKind.ID_CARD, FactKind.BANK_CARD, FactKind.PLATE, FactKind.PASSPORT, FactKind.EMAIL, FactKind.ACCOUNT,
        FactKind.UNCLEAR,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing named: `value` in its canonical form, `unit` where it has one (CNY, 箱 …), at offsets of an utterance's text.

    `utterance` is the number of the utterance, -1 for a text that stands alone. An empty `value` is one that cannot be told
    (几百块); what the values of each kind look like stands in `edge_agent.facts`.
    """

    kind: FactKind
    value: str
    char_start: int
    char_end: int
    unit: str = ""
    utterance: int = -1
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """`metrics` is None when switched off."""

    metrics: Metrics | None = None
    facts: tuple[Fact, ...] = ()
