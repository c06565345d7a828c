"""Make the bundled shelf sample again: `python tests/samples/make_shelf.py` from the top of the repository.

Writes edge_agent/samples/shelf-1.mp4, .meta.toml, .truth.toml and bay-a/. The plan and the truth follow from the seed
alone; the bytes of the video also depend on the versions of Pillow and x264. Keep the file small: it travels in the wheel.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from edge_agent.samples.scene import Options, render_scene
from edge_agent.samples.scene_video import Encoding

SEED = 39
SAMPLES = Path(__file__).resolve().parents[2] / "edge_agent" / "samples"
SMALL = Options(
    bay="bay-a",
    encoding=Encoding(fps=8, key_every_s=2.0, crf=35, preset="slow"),
    unknown=False,
    missing_tag=False,
    photo_px=360,
    video="shelf-1.mp4",
)


def make(seed: int, into: Path) -> None:
    """Render `seed` and lay the files out as the samples folder has them."""
    bay = into / SMALL.bay
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        render_scene(seed, made, SMALL)
        shutil.rmtree(bay, ignore_errors=True)
        bay.mkdir(parents=True)
        shutil.copy(made / SMALL.video, into)
        shutil.copy(made / "shelf-1.meta.toml", into)
        shutil.copy(made / "truth.toml", into / "shelf-1.truth.toml")
        for name in ("bay.toml", "reference.jpg"):
            shutil.copy(made / name, bay)
        shutil.copytree(made / "sku", bay / "sku")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--into", type=Path, default=SAMPLES)
    given = parser.parse_args()
    make(given.seed, given.into)
