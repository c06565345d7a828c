"""Whether an amount is named only to refuse it, to deny it, or as what somebody else says: then nobody states it.

- Refused (给不了, 做不了主): in the clause of the amount, or at the head of the next one. What is refused may be less than the
  amount (再低给不了, 五十八一箱不可能再便宜); then the amount stands.
- Not stated (没说, 做梦, 客户说): in front of the amount in its clause, unless it is said to somebody (跟您说) or only says which
  one is meant (您说的那款).
"""

import re
from typing import TYPE_CHECKING, Final

from edge_agent.lexicon.review import ClaimWords
from edge_agent.review.claim_reading import Clause

if TYPE_CHECKING:
    from edge_agent.tagging.text import Span

_LESS: Final = re.compile(r"再|更|少|优惠|动|(?<![太么])(?:低|便宜)(?!于)|[骗坑蒙错假变涨]|不[买拿订定]")
"""Beside the refusal: what cannot be is a lower amount, or something else altogether (不可能骗您, 不买就亏了)."""
_THEIRS: Final = ("您", "你")
_LEAD: Final = re.compile(
    r"(?:我们?|咱们?|我家|老板|领导|公司|总部|上面|经理|从来|您?要的|[您你]|这个?|那个?|价格?|钱|可|真的?|实在|确实|肯定|绝对|根本|是|就|也|都|恐怕|[,，])*"
)
_TO: Final = ("跟", "给", "和", "对", "向", "同", "与", "帮", "替")


class Refusals:
    """The words by which an amount is no statement. `words` are folded."""

    def __init__(self, words: ClaimWords) -> None:
        self._refused = tuple(words.refused)
        self._not_stated = tuple(words.not_stated)

    def of(self, here: Clause, span: "Span") -> bool:
        """Whether the amount at `span` is refused, denied, or someone else's."""
        return self._is_refused(here, span) or self._is_not_stated(here.before(span))

    def _is_refused(self, here: Clause, span: "Span") -> bool:
        text = here.sentence.text
        after = next((one for one in here.sentence.clauses if one[0] >= here.clause[1]), None)
        head = text[after[0] : after[1]] if after is not None else ""
        lead = _LEAD.match(head)
        begins = lead.end() if lead is not None else 0
        if any(0 <= head.find(word) <= begins for word in self._refused) and not _LESS.search(head):
            return True
        before, behind = here.before(span), here.behind(span)
        if any(word in behind for word in self._refused):
            return _LESS.search(behind) is None
        return any(word in before and not _LESS.search(before[before.rfind(word) :]) for word in self._refused)

    def _is_not_stated(self, before: str) -> bool:
        for word in self._not_stated:
            at = before.find(word)
            while at >= 0:
                rest = before[at + len(word) :]
                names = word.startswith(_THEIRS) and rest.startswith("的") and rest != "的"  # 您说的那款
                if not names and not before[:at].endswith(_TO):
                    return True
                at = before.find(word, at + 1)
        return False
