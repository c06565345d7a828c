"""How text is spoken: Chinese characters, letters and digits as a row of syllables, each with its place in the text.

- A syllable is toneless pinyin as pypinyin writes it (`lv` for lü), its tone beside it: 1..5, 0 where there is none.
- A letter is its name as Chinese speakers say it (P = pi, M = ai mu), a digit its number; both may be several syllables that
  share one place. Case and width do not matter: everything is folded by NFKC and lower case first, one character at a time.
- Blanks, hyphens and the like are silent; a comma between two syllables is remembered (recognisers put one into a word when
  the speaker hesitates); every other mark is a wall, a syllable that sounds like nothing.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

WALL: Final = "|"
CHINESE: Final = re.compile(r"[一-鿿]+")
_SILENT: Final = frozenset(" \t\u3000-‐·・_/+&'")
_PAUSES: Final = frozenset(",，、")
_LETTERS: Final[dict[str, tuple[str, ...]]] = {
    "a": ("ei",), "b": ("bi",), "c": ("xi", "sei"), "d": ("di",), "e": ("yi",), "f": ("ai fu",), "g": ("ji",),
    "h": ("ai chi",), "i": ("ai",), "j": ("jie", "zhei"), "k": ("kai", "kei"), "l": ("ai le", "ai lu"), "m": ("ai mu",),
    "n": ("en",), "o": ("ou",), "p": ("pi",), "q": ("qiu", "kou"), "r": ("a er", "a"), "s": ("ai si",), "t": ("ti",),
    "u": ("you",), "v": ("wei",), "w": ("da bu liu",), "x": ("ai ke si", "cha"), "y": ("wai",), "z": ("zei", "zi"),
}  # fmt: skip
_DIGITS: Final[dict[str, tuple[str, ...]]] = {
    "0": ("ling",), "1": ("yi", "yao"), "2": ("er", "liang"), "3": ("san",), "4": ("si",), "5": ("wu",), "6": ("liu",),
    "7": ("qi",), "8": ("ba",), "9": ("jiu",),
}  # fmt: skip
_TWO_WAYS: Final = (
    "hang=行 xing=行省 zhong=重 chong=重 lv=率 shuai=率 zhang=长 chang=长 tiao=调 diao=调 chai=差 she=折 zhuan=传 "
    "chuan=传 yue=乐 bao=薄曝剥堡 bo=薄剥 xie=血 xue=血削 shai=色 shen=参 can=参 zang=藏 cang=藏 tan=弹 dan=弹 "
    "jiang=降 jiao=校角 xiao=校削 qia=卡 ka=卡 kuai=会 shuo=数 huan=还 hai=还 pian=便 bian=便 ji=给系 gei=给 xi=系 "
    "qiao=壳 ke=壳 mu=模 mo=模 nian=粘 zhan=粘 sha=厦 xia=厦 shou=熟 shu=熟 lou=露 lu=露 se=塞 sai=塞 quan=券 juan=券 "
    "cheng=盛 sheng=盛省 chen=称 jue=觉 la=落 luo=落"
)
"""Characters that are commonly read in two ways, by the reading to listen for (rare ones find more false friends)."""
_ALSO: Final = {
    character: [reading for reading, _, others in (pair.partition("=") for pair in _TWO_WAYS.split()) if character in others]
    for character in set(_TWO_WAYS) - set("abcdefghijklmnopqrstuvwxyz= ")
}
_MOST_READINGS: Final = 8


@dataclass(frozen=True, slots=True)
class Spoken:
    """Syllables with their tones, the places [start, end) they come from, and whether a comma stands before each."""

    syllables: tuple[str, ...]
    tones: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    paused: tuple[bool, ...]


def fold(text: str) -> str:
    """NFKC, lower case, simplified: one character for one character, so that places stay what they are."""
    folded = "".join(one if len(one := unicodedata.normalize("NFKC", c).lower()) == 1 else c for c in text)
    simple = str(_simplifier().convert(folded))
    return simple if len(simple) == len(folded) else folded


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    import opencc  # noqa: PLC0415 - compiled library with its tables, only where sound is compared

    return opencc.OpenCC("t2s")


def spoken(text: str) -> Spoken:
    """The row of syllables of `text`, each letter and digit by its commonest name."""
    found: list[tuple[str, int, tuple[int, int], bool]] = []
    paused = False
    for syllables, tones, place in _sounding(fold(text)):
        if not syllables:
            paused = True
            continue
        for syllable, tone in zip(syllables, tones, strict=True):
            found.append((syllable, tone, place, paused))
            paused = False
    if not found:
        return Spoken((), (), (), ())
    return Spoken(*(tuple(column) for column in zip(*found, strict=True)))


def readings(term: str) -> list[tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]]:
    """Every way a term may be spoken, its usual one first: (syllables, tones, places). Walls and pauses are left out."""
    columns: list[tuple[int, list[tuple[tuple[str, ...], tuple[int, ...]]]]] = []
    folded = fold(term)
    for syllables, tones, (start, _) in _sounding(folded):
        if syllables and syllables != (WALL,):
            columns.append((start, [(syllables, tones), *_others(folded[start], syllables)]))
    # one column at a time leaves its usual reading: two rare readings in one term are not worth the false friends
    usual = [(start, ways[0]) for start, ways in columns]
    rows = [usual]
    rows += [[*usual[:at], (start, other), *usual[at + 1 :]] for at, (start, ways) in enumerate(columns) for other in ways[1:]]
    return [
        (
            tuple(itertools.chain(*(syllables for _, (syllables, _) in row))),
            tuple(itertools.chain(*(tones for _, (_, tones) in row))),
            tuple(start for start, (syllables, _) in row for _ in syllables),
        )
        for row in rows[:_MOST_READINGS]
    ]


def _sounding(folded: str) -> Iterator[tuple[tuple[str, ...], tuple[int, ...], tuple[int, int]]]:
    """(syllables, tones, place) of every sounding character; no syllables = a pause."""
    at = 0
    while at < len(folded):
        run = CHINESE.match(folded, at)
        if run is not None:
            for syllable, tone in pinyin(run[0]):
                yield (syllable,), (tone,), (at, at + 1)
                at += 1
            continue
        character = folded[at]
        names = _LETTERS.get(character) or _DIGITS.get(character)
        if names:
            said = tuple(names[0].split())
            yield said, (0,) * len(said), (at, at + 1)
        elif character in _PAUSES or (character in "。." and at and folded[at - 1] in _LETTERS):
            yield (), (), (at, at + 1)
        elif character not in _SILENT:
            yield (WALL,), (0,), (at, at + 1)
        at += 1


def _others(character: str, usual: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Other readings of one character: a heteronym's second, a letter's second name."""
    for name in (_LETTERS.get(character) or _DIGITS.get(character) or ())[1:]:
        said = tuple(name.split())
        yield said, (0,) * len(said)
    for syllable in _ALSO.get(character, ()):
        if (syllable,) != usual:
            yield (syllable,), (0,)


def pinyin(run: str) -> list[tuple[str, int]]:
    """Syllable and tone of every character of a run of Chinese; a wall for one that no dictionary can read."""
    from pypinyin import Style  # noqa: PLC0415 - its dictionary is only needed where sound is compared
    from pypinyin import pinyin as looked_up  # noqa: PLC0415

    found = [_parted(one[0]) for one in looked_up(run, style=Style.TONE3, neutral_tone_with_five=True)]
    if len(found) != len(run):  # neighbours that it cannot read come as one
        return [pair for character in run for pair in pinyin(character)] if len(run) > 1 else [(WALL, 0)]
    return found


def _parted(written: str) -> tuple[str, int]:
    if written[-1:].isdigit() and written[:-1].isascii():
        return written[:-1], int(written[-1])
    return WALL, 0
