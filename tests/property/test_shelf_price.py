"""Properties of the price grammar and of the shares."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.shelf import Seen, SlotReading
from edge_agent.shelf.price_tags.grammar import Line, amounts_in, price_of
from edge_agent.shelf.price_tags.reading import TagRead
from edge_agent.shelf.price_tags.settling import TagStyle, settle
from edge_agent.shelf.scoring.shares import ASSESSED, Verdict, shares

CENTS = st.integers(min_value=1, max_value=9_999_999)
SHOWS_DECIMALS = TagStyle(decimals=True, ink=40.0)


def decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def line(left, top, width, height, text):
    return Line(left=left, top=top, right=left + width, bottom=top + height, text=text, confidence=0.95)


@given(CENTS, st.sampled_from(["{}", "¥{}", "￥{}", "{}元", "¥ {}", "售价 {}", "¥{}元/瓶"]))
def test_every_printed_price_is_read_back(cents, style):
    assert amounts_in(style.format(decimal(cents))) == (decimal(cents),)


@given(st.integers(0, 9999), st.integers(0, 99), st.floats(20, 80), st.floats(0.3, 0.7))
def test_raised_decimals_join_at_every_size(yuan, cents, height, smaller):
    big = line(10, 10, height * 0.5 * len(str(yuan)), height, f"¥{yuan}")
    small = line(big.right + 0.05 * height, 10, height * smaller, height * smaller, f"{cents:02d}")
    found = price_of([small, big])
    assert found is not None
    assert Decimal(found.price) == Decimal(yuan) + Decimal(cents) / 100


WORDS = st.sampled_from(["会员价 {}", "原价{}", "{}元/500g", "每100克 {}", "2件{}", "第二件{}元", "任选3件{}"])


@given(CENTS, CENTS, WORDS, st.floats(8, 60))
def test_no_other_amount_of_a_tag_is_taken_for_its_shelf_price(cents, other, words, height):
    lines = [line(0, 0, 90, 40, "¥" + decimal(cents)), line(0, 60, 90, height, words.format(decimal(other)))]
    found = price_of(lines)
    assert found is not None
    assert found.price == decimal(cents)
    assert found == price_of(lines[::-1])


@given(CENTS, CENTS, st.sampled_from(["{}元/{}", "每{1} {0}", "{}/{}"]), st.sampled_from(["500g", "100mL", "斤", "kg"]))
def test_a_unit_price_is_read_back_with_what_it_is_for(cents, other, style, per):
    unit = style.format(decimal(other), per)
    found = price_of([line(0, 0, 90, 40, "¥" + decimal(cents)), line(0, 60, 90, 12, unit)])
    assert found is not None
    assert (found.price, found.unit, found.per) == (decimal(cents), decimal(other), per)


@given(st.lists(st.tuples(st.text(max_size=30), st.floats(0, 300), st.floats(0, 90), st.floats(4, 60)), max_size=6))
def test_no_text_breaks_the_grammar_and_a_price_is_always_a_decimal(given_lines):
    found = price_of([line(left, top, 60, height, text) for text, left, top, height in given_lines])
    assert found is None or Decimal(found.price) >= 0


@given(CENTS, st.integers(0, 5))
def test_fewer_than_three_reads_never_settle_a_price(cents, count):
    price = price_of([line(0, 0, 60, 30, "¥" + decimal(cents))])
    reads = [TagRead(at_ms=n, price=price, any_text=True, ink=40.0) for n in range(count)]
    settled = settle(reads, "12.90", SHOWS_DECIMALS)
    assert bool(settled.price) == (count >= 3)
    assert settled.price in ("", decimal(cents))


@given(CENTS, st.data())
def test_a_fragment_of_the_list_price_is_never_a_price(cents, data):
    whole = decimal(cents)
    cut = data.draw(st.integers(1, len(whole) - 1))
    part = data.draw(st.sampled_from([whole[:cut], whole[cut:]]))
    price = price_of([line(0, 0, 60, 30, part)])
    reads = [TagRead(at_ms=n, price=price, any_text=True, ink=40.0) for n in range(4)]
    settled = settle(reads, whole, SHOWS_DECIMALS)
    assert not settled.price or Decimal(settled.price) == Decimal(whole)


VERDICTS = st.lists(
    st.builds(
        lambda seen, holds, tag, settled, right: Verdict(
            reading=SlotReading(
                slot="s", seen=seen, sku="", confidence=0.9, frames=3, at_ms=0,
                price=("5.00" if right else "6.00") if settled and tag else "",
            ),
            planned="p", holds_planned=seen is Seen.EXPECTED or (holds and seen is Seen.OTHER),
            has_tag=tag, price_list="5.00", price_settled=settled and tag, seen_from_ms=0, seen_to_ms=0,
        ),
        st.sampled_from(Seen), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    ),
    max_size=40,
)  # fmt: skip


@given(VERDICTS)
def test_shares_count_no_slot_that_could_not_be_judged(verdicts):
    osa, planogram, price = shares(verdicts)
    judged = sum(one.reading.seen in ASSESSED for one in verdicts)
    for share in (osa, planogram):
        assert share.good <= share.assessed == judged <= share.planned == len(verdicts)
    assert planogram.good <= osa.good
    assert price.good <= price.assessed <= price.planned == sum(one.has_tag for one in verdicts)
    assert (osa.value is None) == (judged == 0)
