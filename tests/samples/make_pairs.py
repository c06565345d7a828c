"""Speak the two-talker dialogues: `python tests/samples/make_pairs.py [--cache DIR] [pair-1 …]`.

Rules: `pairs/pair-N.script.toml` is the only source. The calls' own mixing is used (gaps, overlaps, room noise, levels), with
talkers that none of the bundled calls uses. Left = rep, right = customer; `pair-N.dialogue.toml` says who spoke what and when,
in integer milliseconds of the finished file, half-open. Not here: the mono versions, which are the mean of both channels.
"""

import argparse
import json
import tempfile
import tomllib
from pathlib import Path

from make_calls import RATE_HZ, encode, mix
from talkers import Talkers

HERE = Path(__file__).resolve().parent / "pairs"
BIT_RATE = 24_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak the two-talker dialogues.")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "edge-agent-voices")
    parser.add_argument("names", nargs="*", default=["pair-1", "pair-2", "pair-3"])
    asked = parser.parse_args()
    voice = Talkers(asked.cache)
    for name in asked.names:
        script = tomllib.loads((HERE / f"{name}.script.toml").read_text("utf-8"))
        call, lines = mix(script, voice)
        truth = f'id = "{name}"\nduration_ms = {call.shape[1] * 1000 // RATE_HZ}\n'
        for line in lines:
            truth += f'\n[[turn]]\nspeaker = "{line.speaker}"\nstart_ms = {line.start_ms}\nend_ms = {line.end_ms}\n'
            truth += f"text = {json.dumps(line.text, ensure_ascii=False)}\n" + "backchannel = true\n" * line.backchannel
        (HERE / f"{name}.dialogue.toml").write_text(truth, "utf-8")
        (HERE / f"{name}.ogg").write_bytes(encode(call, BIT_RATE))
        print(f"{name}: {call.shape[1] / RATE_HZ:.1f} s, {(HERE / f'{name}.ogg').stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()
