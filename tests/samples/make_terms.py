"""Speak the term sets: `python tests/samples/make_terms.py [--cache DIR] [fmcg …]`.

Rules: `terms/sets/INDUSTRY.toml` is the only source; square brackets in a line mark its terms. Each line is spoken once by
each of the two talkers of its split into `terms/audio/INDUSTRY/NN-TALKER.ogg`, and `SET-TALKER.tsv` beside them lists
file, reference text and comma-separated terms. Development and judging share no talker and no industry. Clean speech only:
phone band, noise and level are made from these files by whoever needs them.
"""

import argparse
import re
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from make_calls import RATE_HZ
from talkers import Talkers, opus

HERE = Path(__file__).resolve().parent / "terms"
TALKERS = {"dev": ("alpha", "kumo"), "judge": ("gongitsune", "tenor")}
BIT_RATE = 16_000
EDGE = np.zeros(RATE_HZ // 5, np.float32)


def read(file: Path) -> dict[str, Any]:
    """A set as written, with `said`: each line as (text, terms)."""
    one = tomllib.loads(file.read_text("utf-8"))
    one["said"] = [(re.sub(r"[\[\]]", "", line), re.findall(r"\[(.+?)\]", line)) for line in one["lines"]]
    return one


def speak(one: dict[str, Any], voice: Talkers) -> int:
    """Writes the audio and the lists of one industry; returns the bytes written."""
    folder = HERE / "audio" / one["id"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for talker in TALKERS[one["split"]]:
        rows = []
        for n, (text, terms) in enumerate(one["said"], 1):
            aloud = text
            for written, spoken in one.get("say", {}).items():
                aloud = aloud.replace(written, spoken)
            name = f"{n:02d}-{talker}.ogg"
            wave = np.concatenate([EDGE, voice.say(aloud, talker), EDGE])
            (folder / name).write_bytes(opus(np.clip(wave, -0.98, 0.98), BIT_RATE))
            rows.append(f"{name}\t{text}\t{','.join(terms)}\n")
        (folder / f"SET-{talker}.tsv").write_text("".join(rows), "utf-8")
    return sum(file.stat().st_size for file in folder.iterdir())


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak the term sets.")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "edge-agent-voices")
    parser.add_argument("names", nargs="*", default=sorted(file.stem for file in (HERE / "sets").glob("*.toml")))
    asked = parser.parse_args()
    voice = Talkers(asked.cache)
    for name in asked.names:
        print(f"{name}: {speak(read(HERE / 'sets' / f'{name}.toml'), voice)} bytes", flush=True)


if __name__ == "__main__":
    main()
