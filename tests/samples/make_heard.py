"""What the bare recogniser writes for the spoken term sets: `python tests/samples/make_heard.py --state DIR [industry …]`.

`terms/heard.tsv`: industry, file, reference, comma-separated terms, recognised text, a tab between. It lets the text's half of
term recovery be measured without sound. Lines that are there already stay; take a line out to have it recognised again.
"""

import argparse
from pathlib import Path

from edge_agent import app
from edge_agent.config import Config
from edge_agent.domain.transcript import Speaker

HERE = Path(__file__).resolve().parent / "terms"


def main() -> None:
    parser = argparse.ArgumentParser(description="Recognise the spoken term sets without hints.")
    parser.add_argument("--state", required=True, help="a state directory; the model is installed there if it is not")
    parser.add_argument("industries", nargs="*", default=sorted(one.name for one in (HERE / "audio").iterdir()))
    asked = parser.parse_args()
    speech = app.Speech(Config(state=asked.state))
    table = HERE / "heard.tsv"
    heard = dict(map(_keyed, table.read_text("utf-8").splitlines())) if table.exists() else {}
    for industry in asked.industries:
        for listing in sorted((HERE / "audio" / industry).glob("SET-*.tsv")):
            for row in listing.read_text("utf-8").splitlines():
                file, reference, terms = row.split("\t")
                if (industry, file) in heard:
                    continue
                with (listing.parent / file).open("rb") as media:
                    said = speech.transcribe(media, channels=(Speaker.UNKNOWN,), terms=())
                text = "，".join(one.text for one in said.utterances)
                heard[industry, file] = f"{industry}\t{file}\t{reference}\t{terms}\t{text}"
        table.write_text("".join(f"{heard[key]}\n" for key in sorted(heard)), "utf-8")


def _keyed(row: str) -> tuple[tuple[str, str], str]:
    industry, file, _ = row.split("\t", 2)
    return (industry, file), row


if __name__ == "__main__":
    main()
