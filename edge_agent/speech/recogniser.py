"""Whisper on CTranslate2: a batch of windows in, words with times and probabilities out.

- int8 on the processor, beam 5, Mandarin, no time-stamp tokens, no text from before as a prompt (both feed loops).
- Terms are given as hot words, whole ones only, up to 40 tokens: a long list drowns what is said. Fewer are repeated until they
  are 40, which makes them count for more, and lets windows with different ones be decoded together.
- The encoder is the larger half of the work. A reading keeps what it saw, so that reading again with hints (`again`) and asking
  how well a text fits the sound (`fit`) do not pay for it twice.
- Word times come from cross attention (as in openai-whisper's `timing.py`); a word's end is the reliable half of them.
- A window that came out as a loop is decoded once more with repeats forbidden.
- `workers` threads may read at once, on one set of weights; each then computes on `threads` of the processor.
- Local files only; nothing is ever fetched.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_agent.errors import MissingAsset
from edge_agent.speech.clips import Samples
from edge_agent.speech.guard import is_loop

HINT_TOKENS: Final = 40
BEAM: Final = 5
OTHERS: Final = 3
"""How many readings of a window are kept, the best one included."""
FRAMES_PER_SAMPLE: Final = 1 / 160
WINDOW_FRAMES: Final = 3000
SHORT_FRAMES: Final = 1500
SHORT_SAMPLES: Final = 14 * 16_000 + 8_000
"""The longest window that `short` pads to 15 s instead of 30."""
SEEN_PER_S: Final = 50
"""What the encoder gives for a second of sound."""
LEAST: Final = 1e-9
AT_ONCE: Final = 8
"""Texts whose fit is asked together: each takes about 10 MB."""
NOTHING: Final[Samples] = np.zeros((0, 0), np.float32)
AFTER: Final = 10
"""How much of the silence after a window is kept where a shorter view of it saves time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A token group of the recogniser: `start_s`, `end_s` in the window; `logprob` the mean of its tokens."""

    text: str
    start_s: float
    end_s: float
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one window says. `logprob` per token of the whole window, `no_speech` the probability that it is no speech.

    `others` are the texts that came next after the best. `seen` (1500, width) is what the encoder made of 30 s, 50 a second, of
    which the first `heard` are the window's sound.
    """

    words: tuple[Word, ...]
    logprob: float
    no_speech: float
    others: tuple[str, ...] = ()
    seen: Samples = field(default_factory=lambda: NOTHING, repr=False, compare=False)
    heard: int = 0

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words)


class Recogniser:
    """A loaded model of the Whisper family in CTranslate2's format. `short`: windows of at most 14.5 s cost less than half.

    Raises:
        MissingAsset: the folder holds no such model, or a file of it is damaged.
    """

    def __init__(self, model_dir: Path, *, threads: int, workers: int = 1, short: bool = False) -> None:
        self._short = short
        os.environ["HF_HUB_OFFLINE"] = "1"
        self._model = _load(model_dir, threads, workers)
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - heavy, and after the variable above
        from faster_whisper.transcribe import get_suppressed_tokens  # noqa: PLC0415

        self._tokens = Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language="zh")
        self._suppressed = list(get_suppressed_tokens(self._tokens, [-1]))

    def read(self, sounds: Sequence[Samples], hotwords: Sequence[str]) -> list[Reading]:
        """One Reading per window (each at most 30 s of 16 kHz mono); the batch is as large as what is given."""
        from faster_whisper.audio import pad_or_trim  # noqa: PLC0415

        length = self._frames(max(map(len, sounds)))
        features = np.stack([pad_or_trim(self._model.feature_extractor(sound)[..., :-1], length) for sound in sounds])
        encoded = self._encoded(features)
        prompts = [self._prompt(hotwords)] * len(sounds)
        frames = [min(WINDOW_FRAMES, math.ceil(len(sound) * FRAMES_PER_SAMPLE)) for sound in sounds]
        readings = self._decode(encoded, frames, prompts)
        for number, reading in enumerate(readings):
            if is_loop(reading.text):
                once_more = self._encoded(features[number : number + 1])
                readings[number] = self._decode(once_more, frames[number : number + 1], prompts[:1], no_repeat_ngram_size=4)[0]
        return readings

    def _frames(self, longest: int) -> int:
        """How far windows are padded. Half the length costs the encoder a fifth (measured)."""
        return SHORT_FRAMES if self._short and longest <= SHORT_SAMPLES else WINDOW_FRAMES

    def again(self, readings: Sequence[Reading], hints: Sequence[Sequence[str]]) -> list[Reading]:
        """The same windows read once more, each with its own hints (`fitting` ones, at least one)."""
        longest = max(reading.heard for reading in readings) + AFTER
        seen = np.stack([reading.seen[:longest] for reading in readings])
        return self._decode(seen, [2 * reading.heard for reading in readings], [self._prompt(terms) for terms in hints])

    def spelt(self, reading: Reading, text: str) -> Reading:
        """The reading as if `text` had been read: its words with times and probabilities."""
        tokens = self._tokens.encode(text)
        aligned = self._align(reading.seen[None, : reading.heard + AFTER], [tokens], [2 * reading.heard])
        return replace(reading, words=self._words(tokens, aligned[0]) if tokens else ())

    def fit(self, seen: Samples, texts: Sequence[str]) -> list[float]:
        """The log P(text | sound) of each text, over its tokens; `seen` as in a Reading, or a stretch of it."""
        fits: list[float] = []
        for at in range(0, len(texts), AT_ONCE):
            tokens = [self._tokens.encode(text) for text in texts[at : at + AT_ONCE]]
            aligned = self._align(np.repeat(seen[None], len(tokens), axis=0), tokens, [2 * len(seen)] * len(tokens))
            fits += [float(np.log(np.maximum(one.text_token_probs, LEAST)).sum()) for one in aligned]
        return fits

    def fitting(self, hints: Sequence[str]) -> list[str]:
        """As many hints, from the first, as the recogniser is given; one that does not fit is left out."""
        kept, left = [], HINT_TOKENS
        for term in dict.fromkeys(hints):
            size = len(self._tokens.encode(" " + term))
            if size <= left:
                kept.append(term)
                left -= size
        return kept

    def _encoded(self, features: Samples) -> Samples:
        """The encoder's view of all windows, made one at a time: eight at once take 300 MB more and no less time."""
        return np.concatenate([np.array(self._model.encode(features[at : at + 1])) for at in range(len(features))])

    def _decode(self, seen: Samples, frames: Sequence[int], prompts: Sequence[list[int]], **options: int) -> list[Reading]:
        from ctranslate2 import StorageView  # noqa: PLC0415

        results = self._model.model.generate(
            StorageView.from_array(seen), [list(prompt) for prompt in prompts], beam_size=BEAM, num_hypotheses=OTHERS,
            max_length=self._model.max_length, suppress_blank=True, suppress_tokens=self._suppressed, return_scores=True,
            return_no_speech_prob=True, **options,
        )  # fmt: skip
        found = [[[token for token in ids if token < self._tokens.eot] for ids in result.sequences_ids] for result in results]
        aligned = self._align(seen, [tokens[0] for tokens in found], frames)
        return [
            Reading(
                words=self._words(tokens[0], alignment) if tokens[0] else (),
                logprob=result.scores[0] * len(result.sequences_ids[0]) / (len(result.sequences_ids[0]) + 1),
                no_speech=result.no_speech_prob,
                others=tuple(self._tokens.decode(other) for other in tokens[1:]),
                seen=one,
                heard=min(WINDOW_FRAMES, count + 1) // 2,
            )
            for result, tokens, alignment, one, count in zip(results, found, aligned, seen, frames, strict=True)
        ]

    def _align(self, seen: Samples, tokens: Sequence[list[int]], frames: Sequence[int]) -> Any:
        from ctranslate2 import StorageView  # noqa: PLC0415

        view = StorageView.from_array(np.ascontiguousarray(seen))
        return self._model.model.align(view, self._tokens.sot_sequence, list(tokens), list(frames), median_filter_width=7)

    def _prompt(self, hints: Sequence[str]) -> list[int]:
        """What comes before the text: the hints, over and over until they are `HINT_TOKENS`, and the task."""
        told = self._tokens.encode(" " + " ".join(self.fitting(hints))) if hints else []
        while told and len(told) < HINT_TOKENS:
            told += told
        before = [self._tokens.sot_prev, *told[-HINT_TOKENS:]] if told else []
        return [*before, *self._tokens.sot_sequence, self._tokens.no_timestamps]

    def _words(self, tokens: list[int], alignment: Any) -> tuple[Word, ...]:
        """Token groups that make whole characters, with the time at which attention reached each."""
        texts, groups = self._tokens.split_to_word_tokens([*tokens, self._tokens.eot])
        path = np.array(alignment.alignments)
        reached_s = path[np.diff(path[:, 0], prepend=-1) > 0, 1] / self._model.tokens_per_second
        edges = np.cumsum([0] + [len(group) for group in groups[:-1]])
        logs = np.log(np.maximum(alignment.text_token_probs, 1e-6))
        return tuple(
            Word(text=text, start_s=float(reached_s[first]), end_s=float(reached_s[last]), logprob=float(logs[first:last].mean()))
            for text, first, last in zip(texts, edges[:-1], edges[1:], strict=False)
        )


def _load(model_dir: Path, threads: int, workers: int) -> Any:
    """The one place where the library's complaints about a model become ours."""
    from faster_whisper import WhisperModel  # noqa: PLC0415

    remedy = "install it again: edge-agent models install"
    if not (model_dir / "model.bin").is_file() or not (model_dir / "tokenizer.json").is_file():
        raise MissingAsset("the speech model is not installed completely", remedy=remedy, zh="语音模型未完整安装：请重新安装模型")
    try:
        return WhisperModel(
            str(model_dir), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=workers, local_files_only=True
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise MissingAsset("the speech model cannot be loaded", remedy=remedy, zh="语音模型无法加载：请重新安装模型") from error
