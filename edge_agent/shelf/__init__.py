"""Shelf video of a fixed camera: from a bay's plan and key frames to a score, tags and an evidence picture.

`engine` is the way through; `bay` reads a plan; `scan` is one scan of it; `tags_found` is the bench tool for any photo.
Only this package imports cv2. Pixels are RGB uint8; points are fractions of the reference photo unless named `_px`.
"""
