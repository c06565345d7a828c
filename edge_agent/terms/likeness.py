"""How far apart two syllables sound, 0 (the same) to 1 (nothing in common), and which sounds are one for some speakers.

Half of it is the initial, half the final. Initials are compared by a table of what Mandarin speakers and recognisers confuse;
finals by their parts: glide (i u ü), vowel, ending (n/ng is nearly nothing). The numbers are ours, set by the kind of
confusion and looked over on recognised speech; see `tests/benchmarks/test_bench_terms.py` for what they give.
"""

from functools import cache, lru_cache
from typing import Final

from edge_agent.terms.sounds import WALL

_NEAR_INITIALS: Final = {
    0.1: "z-zh c-ch s-sh",
    0.2: "n-l",
    0.3: "f-h r-l b-p d-t g-k j-q z-c zh-ch zh-c z-ch r-n",
    0.4: "q-x s-c sh-ch x-sh x-s j-zh q-ch j-z q-c m-n h-k -h -r j-x ch-s c-sh",
    0.6: "b-m p-f h-g p-t k-t zh-sh z-s b-d d-g -n -l -m -y -w d-l d-n b-f -g r-zh r-sh d-zh t-ch t-q d-j g-j k-q h-x",
}
_FINALS: Final[dict[str, tuple[str, str, str]]] = {
    "a": ("", "a", ""), "o": ("u", "o", ""), "e": ("", "e", ""), "ai": ("", "a", "i"), "ei": ("", "E", "i"),
    "ao": ("", "a", "u"), "ou": ("", "o", "u"), "an": ("", "a", "n"), "en": ("", "e", "n"), "ang": ("", "a", "g"),
    "eng": ("", "e", "g"), "ong": ("u", "o", "g"), "i": ("i", "i", ""), "ia": ("i", "a", ""), "ie": ("i", "E", ""),
    "iao": ("i", "a", "u"), "iou": ("i", "o", "u"), "ian": ("i", "A", "n"), "in": ("i", "i", "n"), "iang": ("i", "a", "g"),
    "ing": ("i", "i", "g"), "iong": ("v", "o", "g"), "u": ("u", "u", ""), "ua": ("u", "a", ""), "uo": ("u", "o", ""),
    "uai": ("u", "a", "i"), "uei": ("u", "E", "i"), "uan": ("u", "a", "n"), "uen": ("u", "e", "n"), "uang": ("u", "a", "g"),
    "ueng": ("u", "e", "g"), "v": ("v", "v", ""), "ve": ("v", "E", ""), "van": ("v", "A", "n"), "vn": ("v", "i", "n"),
    "er": ("", "e", "r"), "I": ("", "I", ""),
}  # fmt: skip
"""Glide, vowel, ending of each final as pypinyin names it (v = ü); I = the vowel of zhi and zi."""
_NEAR_VOWELS: Final = {
    0.25: "aA AE eE",
    0.4: "eo ae iv iI iE vE aE eu ou eI uo ei iA",
    0.6: "ao uv Ei vi EI uI oE uE",
}
_GLIDE: Final = 0.3
_NASAL: Final = 0.2
_ENDING: Final = 0.45
_COSTS: Final = {frozenset(pair.split("-")): cost for cost, pairs in _NEAR_INITIALS.items() for pair in pairs.split()}
_VOWELS: Final = {frozenset(pair): cost for cost, pairs in _NEAR_VOWELS.items() for pair in pairs.split()}


@cache
def apart(one: str, other: str) -> float:
    """0..1; a wall is like nothing, not even like another wall."""
    if WALL in (one, other):
        return 4.0
    if one == other:
        return 0.0
    (initial, final), (second, ending) = parts(one), parts(other)
    first = 0.0 if initial == second else _COSTS.get(frozenset((initial, second)), 1.0)
    return min(1.0, 0.5 * first + 0.5 * _finals(final, ending))


@lru_cache(maxsize=1024)
def parts(syllable: str) -> tuple[str, str]:
    """Initial ("" for none) and final."""
    from pypinyin.contrib.tone_convert import to_finals, to_initials  # noqa: PLC0415

    initial, final = to_initials(syllable), to_finals(syllable)
    if final == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        final = "I"
    return initial, final


def _finals(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one not in _FINALS or other not in _FINALS:
        return 1.0
    (glide, vowel, ending), (glide2, vowel2, ending2) = _FINALS[one], _FINALS[other]
    cost = 0.0 if vowel == vowel2 else _VOWELS.get(frozenset((vowel, vowel2)), 1.0)
    if glide != glide2:
        cost += _GLIDE
    if ending != ending2:
        cost += _NASAL if {ending, ending2} == {"n", "g"} else _ENDING
    return min(1.0, cost)


_INITIAL_CLASSES: Final = {
    initial: number
    for number, group in enumerate(("b p", "m", "f h", "d t", "n l r", "g k", "zh ch sh z c s", "j q x", ""))
    for initial in group.split() or [""]
}
_HISS: Final = _INITIAL_CLASSES["zh"]
_FINAL_CLASSES: Final = {
    final: number
    for number, group in enumerate(
        (
            "a ia ua", "ai uai ei uei", "ao iao", "ou iou o uo u", "an ang ian iang uan uang van", "e ie ve er",
            "i I v", "en eng in ing uen vn ueng", "ong iong",
        )
    )
    for final in group.split()
}  # fmt: skip


@lru_cache(maxsize=1024)
def coarse(syllable: str) -> int:
    """A class of syllables that may be taken for one another, for looking up; -1 for a wall."""
    if syllable == WALL:
        return -1
    initial, final = parts(syllable)
    return _INITIAL_CLASSES.get(initial, 9) * 16 + _FINAL_CLASSES.get(final, 15)


def classes(syllable: str) -> tuple[int, ...]:
    """Its class and, for hisses, that of the other kind of hiss (zh and j): where a syllable has no neighbour to help."""
    one = coarse(syllable)
    kind = one // 16
    return (one, one + 16) if kind == _HISS else (one, one - 16) if kind == _HISS + 1 else (one,)


_MERGED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_MERGED_ENDINGS: Final = (("ing", "in"), ("eng", "en"))


@lru_cache(maxsize=2048)
def merged(syllable: str) -> str:
    """A syllable with the mergers of southern accents: zh/z, ch/c, sh/s, ing/in, eng/en."""
    for written, heard in _MERGED:
        if syllable.startswith(written):
            syllable = heard + syllable[len(written) :]
    for written, heard in _MERGED_ENDINGS:
        if syllable.endswith(written):
            syllable = syllable.removesuffix(written) + heard
    return syllable
