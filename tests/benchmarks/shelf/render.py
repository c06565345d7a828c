"""Render a set of shelf scenes: `python tests/benchmarks/shelf/render.py --set tuning --count 20 --into DIR`."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import cv2
from shop_scene import DISTURBANCES, render


def looks_of(name):
    """The shops of a set. Those of the report are looked at by nobody who tunes."""
    if name == "tuning":
        from shop_tuning import LOOKS
    else:
        from shop_report import LOOKS
    return LOOKS


def render_set(name, count, into, first=0):
    """Write scenes `first` .. `count` - 1 of a set into numbered folders; the folders."""
    looks, base = looks_of(name), {"tuning": 1000, "report": 5000}[name]
    folders = []
    for n in range(first, count):
        folder = into / f"{n:02d}"
        render(looks[n % len(looks)], base + n, disturbance_of(n, len(looks)), folder)
        folders.append(folder)
    return folders


def disturbance_of(n, looks):
    """Each round of shops begins elsewhere in the list, so that every shop meets every disturbance in time."""
    return DISTURBANCES[(n + 7 * (n // looks)) % len(DISTURBANCES)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=("tuning", "report"), required=True)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    start = time.process_time()
    made = render_set(given.set, given.count, given.into, given.first)
    print(f"{len(made)} scenes, {(time.process_time() - start) / max(1, len(made)):.1f} CPU s each")


if __name__ == "__main__":
    main()
