"""Shelf video: from a bay's plan and frames to a score, what was observed, and an evidence picture.

`engine` is the way through and `scan` one scan of a bay. The rooms: `setup` (plans and how a shop makes them), `frames` (which
frames, where the bay is in them, their light), `products` (what stands in a slot), `price_tags`, `scoring`, `pictures`.
Only this package imports cv2. Pixels are RGB uint8; points are fractions of the reference photo unless named `_px`.
"""
