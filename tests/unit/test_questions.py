"""Questions without their marks, as recognisers write them."""

import pytest

from edge_agent.domain.questions import Asking, asking

OPEN, CLOSED = Asking.OPEN, Asking.CLOSED


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("您平时怎么用", [OPEN]),
        ("这个多少钱", [OPEN]),
        ("什么时候能到货呢", [OPEN]),
        ("您家里几口人", [OPEN]),
        ("能便宜点吗", [CLOSED]),
        ("要不要给您留一台", [CLOSED]),
        ("有没有别的颜色", [CLOSED]),
        ("您看行不行啊", [CLOSED]),
        ("这款保本的吧", [CLOSED]),
        ("九千八？", [CLOSED]),
        ("您好。您需要什么？要不要看看？", [OPEN, CLOSED]),
        ("没什么", []),
        ("怎么都行", []),
        ("多少都可以", []),
        ("这个价格我接受不了", []),
        ("我看看有什么", []),
        ("卖得不错", []),
        ("差不多了", []),
        ("好的", []),
        ("", []),
    ],
)
def test_a_sentence_asks_by_its_words(text: str, kinds: list[Asking]) -> None:
    assert asking(text) == kinds
