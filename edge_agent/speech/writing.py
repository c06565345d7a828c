"""How recognised Mandarin is written down: simplified characters, full-width punctuation, nothing doubled.

The recogniser mixes scripts and punctuates when it likes. Pauses add a comma or, where something was asked, a question mark, and
a sentence ends in a mark (`joined`): one character after a part, so that places inside a part stay true. Digits and Latin stay.
"""

import re
from typing import Final

import opencc

from edge_agent.speech.questions import asks

WIDE: Final = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", ":": "：", "、": "，"})
MARKS: Final = "，。？！；："
BETWEEN_HAN: Final = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
LONE_STOP: Final = re.compile(r"(?<!\d)\.|\.(?!\d)")
DOUBLED: Final = re.compile(rf"([{MARKS}])[{MARKS}\s]+")


class Writing:
    """Call it with the recogniser's text; it keeps its conversion tables."""

    def __init__(self) -> None:
        self._simplified = opencc.OpenCC("t2s")

    def __call__(self, text: str) -> str:
        written = self.simplified(text)
        grouped = re.sub(r"(?<=\d),(?=\d{3})", "", written)
        wide = LONE_STOP.sub("。", BETWEEN_HAN.sub("，", grouped.translate(WIDE)))
        return DOUBLED.sub(r"\1", wide).strip().lstrip(MARKS)

    def simplified(self, text: str) -> str:
        """Simplified characters only, everything else untouched."""
        return str(self._simplified.convert(text))


def joined(parts: list[str]) -> str:
    """Pieces of one sentence with a mark at each pause that has none yet, and one at the end."""
    said = [part for part in parts if part]
    marked = [part if part[-1:] in MARKS else part + ("？" if asks(part) else "，") for part in said]
    text = "".join(marked).rstrip("，；：")
    return text if not text or text[-1] in MARKS else text + ("？" if asks(text) else "。")
