"""What is wrong with a bay, and the truth of it: empty, low, misplaced, swapped, intruders, tags wrong, gone or on offer."""

from dataclasses import dataclass, replace

from shop_furniture import Stand, columns_for, printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Of one slot. `seen`: expected, empty, other, unknown; `tag`: regular, wrong, missing, promotion; `price` as printed."""

    slot: str
    seen: str
    sku: str
    facings: int
    tag: str
    price: str
    fault: str = ""


def plant(bay, rng, strangers, rivals):
    """(slot id -> Stand, slot id -> Truth). `strangers` are in no plan; `rivals` are in the plan, but have no slot."""
    stands = {p.id: Stand(product=p.product, count=p.facings, printed=printed(p.product, rng)) for p in bay.places}
    truth = {
        p.id: Truth(slot=p.id, seen="expected", sku=p.product.id, facings=p.facings, tag="regular", price=p.product.price)
        for p in bay.places
    }
    free = list(bay.places)
    rng.shuffle(free)
    total = len(free)

    def take(wanted=lambda _: True):
        for place in free:
            if wanted(place):
                free.remove(place)
                return place
        return None

    def hold(place, product, fault, seen):
        count = columns_for(bay, place, product)
        stands[place.id] = replace(stands[place.id], product=product, count=count)
        truth[place.id] = replace(truth[place.id], seen=seen, sku=product.id if seen == "other" else "", facings=0, fault=fault)

    for _ in range(max(1, round(total * rng.uniform(0.04, 0.14)))):
        place = take()
        stands[place.id] = replace(stands[place.id], product=None, count=0)
        truth[place.id] = replace(truth[place.id], seen="empty", sku="", facings=0, fault="empty")
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = take(lambda p: p.facings > 1)
        if place is not None:
            left = rng.randint(1, max(1, (place.facings - 1) * 2 // 3))
            stands[place.id] = replace(stands[place.id], count=left)
            truth[place.id] = replace(truth[place.id], facings=left, fault="low")
    for _ in range(rng.choice((1, 1, 2))):
        place = take()
        others = [p for p in bay.places if p.product.id != place.product.id]
        kin = [p for p in others if p.product.line == place.product.line]
        hold(place, rng.choice(kin if kin and rng.random() < 0.5 else others).product, "misplaced", "other")
    if rng.random() < 0.6:
        one = take()
        other = take(lambda p: p.row == one.row) or take()
        hold(one, other.product, "swapped", "other")
        hold(other, one.product, "swapped", "other")
    if rivals and rng.random() < 0.6:
        hold(take(), rng.choice(rivals), "intrusion", "other")
    if rng.random() < 0.5:
        hold(take(), rng.choice(strangers), "stranger", "unknown")
    _tags(bay, rng, stands, truth)
    return stands, truth


def _tags(bay, rng, stands, truth):
    places = [p for p in bay.places if truth[p.id].seen != "empty"]
    rng.shuffle(places)
    kinds = ["wrong"] * rng.choice((1, 2, 2, 3)) + ["missing"] * rng.choice((0, 1, 1, 2)) + ["promotion"] * rng.choice((0, 1, 2))
    for kind, place in zip(kinds, places, strict=False):
        tag = stands[place.id].printed
        if kind == "missing":
            stands[place.id] = replace(stands[place.id], printed=None)
            truth[place.id] = replace(truth[place.id], tag=kind, price="")
            continue
        shown = wrong(tag.price, rng) if kind == "wrong" else cheaper(tag.price, rng)
        stands[place.id] = replace(
            stands[place.id], printed=replace(tag, price=shown, regular=tag.price if kind == "promotion" else "")
        )
        truth[place.id] = replace(truth[place.id], tag=kind, price=shown)


def wrong(price, rng):
    """An old price, a digit of the neighbour's, other cents."""
    cents = round(float(price) * 100)
    near = {
        cents + 100,
        cents + 200,
        cents - 100,
        cents + 50,
        cents - 30,
        cents + 1000,
        cents * 11 // 10,
        cents // 100 * 100 + 90,
        cents // 100 * 100 + 50,
    }
    chosen = rng.choice(sorted(one // 10 * 10 for one in near if one // 10 * 10 not in {cents, cents // 10 * 10} and one >= 100))
    return f"{chosen // 100}.{chosen % 100:02d}"


def cheaper(price, rng):
    """A promotion's price."""
    cents = max(100, round(float(price) * rng.choice((90, 80, 70, 50))) // 10 * 10)
    return f"{cents // 100}.{cents % 100:02d}"
