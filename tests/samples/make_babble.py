"""Speak the talkers of the babble: `python tests/samples/make_babble.py [--cache DIR]`.

Rules: eight talkers, each with everyday lines of their own (`terms/plain/dev.txt`, every eighth line from their number on),
put end to end without pauses, about 25 s; one mono Opus file each. Their lengths differ on purpose: looped, they do not meet
again. They are mixed by `tests/worlds/made_sound.py`.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from make_calls import RATE_HZ
from talkers import Talkers, opus

HERE = Path(__file__).resolve().parent
TALKERS = ("alpha", "kumo", "tebukuro", "bass", "slow-gongitsune", "quick-nezumi", "mellow", "high-kumo")
BIT_RATE = 16_000
AT_LEAST = 22 * RATE_HZ


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak the talkers of the babble.")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "edge-agent-voices")
    voice = Talkers(parser.parse_args().cache)
    lines = (HERE / "terms" / "plain" / "dev.txt").read_text("utf-8").splitlines()
    for n, talker in enumerate(TALKERS):
        said = np.zeros(0, np.float32)
        for line in lines[n :: len(TALKERS)]:
            if len(said) >= AT_LEAST:
                break
            said = np.concatenate([said, voice.say(line, talker)])
        (HERE / "babble" / f"{talker}.ogg").write_bytes(opus(np.clip(said, -0.98, 0.98), BIT_RATE))
        print(f"{talker}: {len(said) / RATE_HZ:.1f} s", flush=True)


if __name__ == "__main__":
    main()
