"""How right a scan was: counts per slot against the truth of its scene, and the figures that follow from sums of them.

A slot with at least two clear views is assessable, one that no frame shows to two thirds is hidden, and nobody is judged on what
lies between. `state` is the share of right states among assessable slots that were assessed, `coverage` the share that was,
`strict` counts those that were not as wrong. F1 is over all assessable slots; a fault told of a hidden slot is false as well.
Tags are judged with at least three clear views: an event model asks for three consistent readings.
"""

from collections import Counter
from decimal import Decimal

FAULTS = ("oos", "misplaced", "price", "missing")


def told(readings):
    """The readings of a score as plain values per slot."""
    return {
        one.slot: {
            "seen": one.seen.value,
            "sku": one.sku,
            "facings": one.facings,
            "price": one.price,
            "promotion": one.promotion,
            "tag": one.tag_visible,
        }
        for one in readings
    }


def counts(scene, said):
    """Counts of one scene."""
    found = Counter()
    for slot in scene["slots"]:
        _slot(found, slot, said[slot["slot"]])
    return found


def _slot(found, slot, said):
    assessable, hidden = slot["clear"] >= 2, slot["hidden"]
    found["slots"] += 1
    found["assessable"] += assessable
    found["hidden"] += hidden
    assessed = said["seen"] != "not_assessable"
    right = said["seen"] == slot["seen"] and (said["seen"] != "other" or said["sku"] == slot["sku"])
    if assessable:
        found["assessed"] += assessed
        found["right"] += right
        if slot["seen"] == "expected" and said["seen"] == "expected" and said["facings"] is not None:
            found["counted"] += 1
            found["exact"] += said["facings"] == slot["facings"]
            found["off"] += abs(said["facings"] - slot["facings"])
    elif hidden:
        found["guessed"] += assessed
    if assessable or hidden:
        found["false_faults"] += said["seen"] in {"empty", "other"} and not (assessable and right)
        _fault(found, "oos", assessable and slot["seen"] == "empty", said["seen"] == "empty")
        is_other, says_other = assessable and slot["seen"] == "other", said["seen"] == "other"
        _fault(found, "misplaced", is_other, says_other and (not is_other or right))
        found["misplaced_fp"] += is_other and says_other and not right
    if slot["tag_clear"] >= 3:
        differs = bool(said["price"]) and Decimal(said["price"]) != Decimal(slot["price_list"]) and said["promotion"] is not True
        _fault(found, "price", slot["tag"] == "wrong", differs)
        if slot["seen"] != "empty":
            _fault(found, "missing", slot["tag"] == "missing", said["tag"] is False)
        found["tags"] += slot["tag"] != "missing"
        found["read"] += bool(said["price"])
        found["read_right"] += bool(said["price"]) and bool(slot["price"]) and Decimal(said["price"]) == Decimal(slot["price"])
        found["promotions"] += slot["tag"] == "promotion"
        found["promotions_told"] += slot["tag"] == "promotion" and said["promotion"] is True


def _fault(found, name, is_so, is_said):
    found[f"{name}_tp"] += is_so and is_said
    found[f"{name}_fp"] += is_said and not is_so
    found[f"{name}_fn"] += is_so and not is_said


def share(good, of):
    return round(good / of, 3) if of else None


def figures(found):
    """Accuracies, precision, recall and F1 of summed counts."""
    result = {
        "slots": found["slots"],
        "assessable": found["assessable"],
        "state": share(found["right"], found["assessed"]),
        "strict": share(found["right"], found["assessable"]),
        "coverage": share(found["assessed"], found["assessable"]),
        "hidden": found["hidden"],
        "guessed": found["guessed"],
        "false_faults": found["false_faults"],
        "facings_exact": share(found["exact"], found["counted"]),
        "facings_mae": share(found["off"], found["counted"]),
        "facings_n": found["counted"],
        "tags_read": share(found["read"], found["tags"]),
        "tags_read_right": share(found["read_right"], found["read"]),
        "promotions": share(found["promotions_told"], found["promotions"]),
    }
    for name in FAULTS:
        right, wrong, missed = (found[f"{name}_{kind}"] for kind in ("tp", "fp", "fn"))
        result[f"{name}_f1"] = share(2 * right, 2 * right + wrong + missed)
        result[f"{name}_p"], result[f"{name}_r"] = share(right, right + wrong), share(right, right + missed)
    return result
