"""Keeps inventions of the recogniser out: sentences it learnt from subtitles, its own hints, and loops.

A known sentence is dropped only if the window sounds like no speech AND the recogniser was unsure AND it matches: somebody may
well say 谢谢观看. A loop is cut to one round and its confidence is lowered; the sound behind it was something.
"""

import re
from collections.abc import Collection
from typing import Final

NO_SPEECH: Final = 0.6
UNSURE_LOGPROB: Final = -0.7

JUNK: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(请)?不吝.{0,4}点赞.{0,4}订阅.{0,12}(打赏)?.*",
        r"(支持|支援)?明镜(需要您的支持|与点点栏目)?.*",
        r".*(字幕|翻译|校对|听译|时间轴|后期).{0,6}(志愿者|组|社群|由|by|制作|提供).*",
        r".*Amara\.?org.*",
        r"(谢谢|感谢)(大家|你|您|你们|各位)?的?(观看|收看|收听|聆听)",
        r"(请|欢迎)?(点赞|订阅|关注|转发){1,8}(我|我们)?的?(频道|栏目)?",
        r"(优优独播剧场|中文字幕|MING ?PAO|YoYo Television).*",
    )
)

LOOP: Final = re.compile(r"(.{2,20}?)\1{3,}|(.)\2{7,}")
LOOP_LOGPROB: Final = -1.6
"""Confidence of about 0.2 for what is left of a loop."""


def is_junk(text: str, *, no_speech: float, logprob: float, hotwords: Collection[str] = ()) -> bool:
    """Whether a text is a known invention or a hot word come back, from a window that sounds like no speech."""
    if no_speech <= NO_SPEECH or logprob >= UNSURE_LOGPROB:
        return False
    bare = re.sub(r"[\s，。！？、,.!?]", "", text)
    return any(junk.fullmatch(bare) for junk in JUNK) or any(bare in term for term in hotwords)


def is_loop(text: str) -> bool:
    """Whether something of 2 to 20 characters comes four times in a row (or one character eight times)."""
    return LOOP.search(text) is not None


def without_loops(text: str) -> str:
    """Each loop reduced to one round."""
    return LOOP.sub(lambda match: match[1] or match[2], text)
