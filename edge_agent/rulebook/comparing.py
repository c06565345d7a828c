"""The parts of a rule that are no talk: facts compared in their own unit, weekdays and hours."""

from collections.abc import Sequence
from typing import Any as Anything
from typing import Final, cast

from edge_agent.facts.numbers import plain
from edge_agent.rulebook.measures import until
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.parts import Value, the_word
from edge_agent.rulebook.questions import Asked, ask
from edge_agent.rulebook.tree import All, Clock, Fact, Node
from edge_agent.rulebook.words import Word

_DAY: Final = 1440
_CHEAPER: Final = frozenset({"", "=", "==", "等于", "低于", "不低于", "小于", "不小于", "少于", "不足", "不到", "<", ">="})
"""Signs that say of 八折 whether the price is lower; 超过八折 is taken either way."""
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "days": ("DUR", _DAY), "hours": ("DUR", 60), "minutes": ("DUR", 1), "seconds": ("DUR", 1 / 60), "yuan": ("MONEY", 1),
    "share": ("PERCENT", 1), "count": ("NUMBER", 1), "points": ("NUMBER", 1),
}  # fmt: skip
UNIT_WORDS: Final = {
    "days": "天", "hours": "小时", "minutes": "分钟", "seconds": "秒", "yuan": "元", "share": "%", "count": "", "points": "分",
}  # fmt: skip


class Comparing:
    """Methods are named after the grammar, see `building`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def fact(self, children: Sequence[Value]) -> Node:
        name, sign, amount = (the_word(children, "FACT"), the_word(children, "CMP"), children[-1])
        _clear_discount(name, sign.text if sign is not None else "", amount)
        return self._compared(name, str(sign.value) if sign is not None else "==", amount)

    def fact_up(self, children: Sequence[Value]) -> Node:
        name, up, amount = the_word(children, "FACT"), children[-1], children[-2]
        sign = the_word(children[:-2], "CMP")
        below = up.text.endswith("下")
        _clear_discount(name, sign.text if sign is not None else "" if below else up.text, amount)
        return self._compared(
            name, str(sign.value) if sign is not None and sign.value != "==" else "<=" if below else ">=", amount
        )

    def between(self, children: Sequence[Value]) -> Node:
        name = the_word(children, "FACT")
        low, high = children[-2:]
        _clear_discount(name, "", low)
        return All(parts=[self._compared(name, ">=", low), self._compared(name, "<=", high)])

    def yes(self, children: Sequence[Value]) -> Node:
        return self._is(children, value=True)

    def no(self, children: Sequence[Value]) -> Node:
        return self._is(children, value=False)

    def said(self, children: Sequence[Value]) -> Node:
        return self._is(children, value=children[-1].text == "是")

    def _is(self, children: Sequence[Value], *, value: bool) -> Node:
        word = the_word(children, "YESNO")
        return Fact(name=str(word.value) if word is not None else "", op="==", value=value, unit="yesno")

    def _compared(self, name: Word | None, sign: str, amount: Word) -> Fact:
        assert name is not None
        fact = self._book.facts[str(name.value)]
        kind, scale = _UNITS[fact.unit]
        unit = UNIT_WORDS[fact.unit]
        bare = amount.kind == "NUMBER" and amount.text[-1] in "0123456789零一二两三四五六七八九十百千万亿半"
        if bare and fact.unit not in ("count", "points"):
            small = float(cast("float", amount.value)) < 10_000 and not {"万", "亿"} & set(amount.text)
            units = [unit, "万元"] if fact.unit == "yuan" and small else [unit, "小时"] if fact.unit == "days" else [unit]
            raise ask(
                "unit",
                f"“{name.text}”的{amount.text}是什么单位？",
                f"{amount.text} of what? `{name.text}` needs a unit",
                at=amount.text,
                choices=[f"{amount.text}{u}" for u in units],
            )
        fits = amount.kind == kind or (fact.unit in ("count", "points") and amount.kind in ("NUMBER", "TIMES"))
        fits = fits or (fact.unit == "share" and amount.kind == "DISCOUNT")
        if fact.unit == "points" and amount.kind == "DUR" and amount.text.endswith("分"):
            fits = True  # 60分 is as long as it is high
        if not fits:
            raise ask(
                "unit",
                f"“{name.text}”以{unit or '个数'}计，不能与“{amount.text}”比较",
                f"`{name.text}` is measured in {fact.unit}",
                at=amount.text,
                choices=[f"{name.text}大于3{unit}"],
            )
        number = float(cast("float", amount.value)) / (scale if kind == "DUR" else 1)
        return Fact(name=fact.name, op=cast("Anything", sign), value=round(number, 6), unit=fact.unit)

    def clock(self, children: Sequence[Value]) -> Clock:
        days = [c for c in children if isinstance(c, list)]
        hours = [c for c in children if isinstance(c, tuple)]
        start, end = hours[0] if hours else (None, None)
        return Clock(days=days[0] if days else [], from_minute=start, to_minute=end)

    def days(self, children: Sequence[Value]) -> list[int]:
        return sorted({day for word in children for day in word.value})

    def dayrange(self, children: Sequence[Value]) -> list[int]:
        first, last = children[0].value[0], children[1].value[-1]
        return sorted({(first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1)})

    def hours(self, children: Sequence[Value]) -> tuple[int, int]:
        found = until(children[0].text, children[1].text)
        if found is None:
            raise _to_when(f"{children[0].text}到{children[1].text}")
        return found

    def from_hour(self, children: Sequence[Value]) -> tuple[int, int]:
        if children[0].value >= _DAY:
            raise _to_when(children[0].text)
        return children[0].value, _DAY

    def to_hour(self, children: Sequence[Value]) -> tuple[int, int]:
        if not children[0].value:
            raise _to_when(children[0].text)
        return 0, children[0].value


def _clear_discount(name: Word | None, sign: str, amount: Word) -> None:
    """20% off or to 20%? More than 20% off, or dearer than that? 低于八折 is the only way everybody understands."""
    if name is None or "折" not in name.text or amount.kind not in ("PERCENT", "DISCOUNT"):
        return
    if amount.kind == "DISCOUNT" and sign in _CHEAPER:
        return
    share = float(cast("float", amount.value))
    off = share if amount.kind == "DISCOUNT" else 1 - share
    raise ask(
        "discount",
        f"“{name.text}{sign}{amount.text}”是成交价更低还是更高？",
        "is that a lower or a higher price?",
        at=f"{name.text}{sign}{amount.text}",
        choices=[f"成交价占原价低于{plain(round(off * 100, 4))}%", f"成交价占原价高于{plain(round(share * 100, 4))}%"],
    )


def _to_when(said: str) -> Asked:
    return ask(
        "hours",
        f"“{said}”是从几点到几点？过了半夜请写次日",
        f"from when to when is `{said}`? say 次日 if it goes over midnight",
        at=said,
        choices=["晚上8点到10点", "晚上10点到次日8点", "0点到6点"],
    )
