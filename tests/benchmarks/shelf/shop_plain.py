"""What a shop would otherwise do: lay the picture over the reference photo, slot by slot; templates, then colours."""

import cv2
import numpy as np


def plain(reference, frames, plan):
    """Readings as `shop_judge.told` gives them, from the median of the frames."""
    tall, wide = reference.shape[:2]
    frames = [cv2.resize(one, (wide, tall), interpolation=cv2.INTER_AREA) for one in frames]
    view = np.median(np.stack(frames), axis=0).astype(np.uint8)

    def cut(picture, slot, margin=0):
        (left, top), (right, bottom) = np.min(slot.area, axis=0), np.max(slot.area, axis=0)
        rows = slice(max(0, int(top * tall) - margin), int(bottom * tall) + margin)
        return picture[rows, max(0, int(left * wide) - margin) : int(right * wide) + margin]

    def colours(picture):
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        return cv2.normalize(cv2.calcHist([hsv], [0, 1], None, [30, 16], [0, 180, 0, 256]), None).ravel()

    known = {slot.sku: colours(cut(reference, slot)) for slot in plan.slots}
    found = {}
    for slot in plan.slots:
        seen = cut(view, slot, 12)
        likeness = cv2.matchTemplate(seen, cut(reference, slot), cv2.TM_CCOEFF_NORMED).max()
        best = max(known, key=lambda sku: float(known[sku] @ colours(seen)))
        if likeness >= 0.6:
            state = ("expected", slot.sku)
        elif float(known[best] @ colours(seen)) >= 0.8:
            state = ("expected" if best == slot.sku else "other", best)
        else:
            state = ("empty", "")
        found[slot.id] = {"seen": state[0], "sku": state[1], "facings": None, "price": "", "promotion": None, "tag": None}
    return found
