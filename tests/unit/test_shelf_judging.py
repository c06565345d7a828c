"""The judge of the shelf benchmark itself: what counts as right, missed, made up and unjudged."""

from shop_judge import counts, figures

SLOT = {
    "slot": "a", "seen": "expected", "sku": "x", "facings": 2, "tag": "regular", "price": "5.00", "price_list": "5.00",
    "planned": "x", "planned_facings": 2, "clear": 5, "tag_clear": 5, "hidden": False,
}  # fmt: skip
SAID = {"seen": "expected", "sku": "x", "facings": 2, "price": "5.00", "promotion": False, "tag": True}


def judged(slot, said):
    return figures(counts({"slots": [SLOT | slot]}, {"a": SAID | said}))


def test_an_intruder_under_a_wrong_name_is_missed_and_made_up():
    found = judged({"seen": "other", "sku": "y"}, {"seen": "other", "sku": "z"})
    assert (found["state"], found["misplaced_p"], found["misplaced_r"], found["false_faults"]) == (0.0, 0.0, 0.0, 1)


def test_an_assessable_slot_left_open_lowers_coverage_not_state():
    found = judged({"seen": "empty", "sku": ""}, {"seen": "not_assessable", "sku": "", "facings": None})
    assert (found["state"], found["strict"], found["coverage"], found["oos_r"]) == (None, 0.0, 0.0, 0.0)


def test_a_fault_told_of_a_hidden_slot_is_made_up():
    found = judged({"clear": 0, "tag_clear": 0, "hidden": True}, {"seen": "empty", "sku": ""})
    assert (found["guessed"], found["false_faults"], found["oos_p"]) == (1, 1, 0.0)


def test_a_slot_seen_in_part_is_judged_by_nobody():
    found = judged({"clear": 1, "tag_clear": 1}, {"seen": "empty", "sku": "", "price": "9.99"})
    assert (found["assessable"], found["hidden"], found["false_faults"], found["price_p"]) == (0, 0, 0, None)


def test_an_offer_is_no_wrong_price_once_it_is_told_as_one():
    offer = {"tag": "promotion", "price": "4.00"}
    assert judged(offer, {"price": "4.00", "promotion": True})["price_p"] is None
    assert judged(offer, {"price": "4.00", "promotion": None})["price_p"] == 0.0
    assert judged({"tag": "wrong", "price": "4.00"}, {"price": "4.00"})["price_f1"] == 1.0
