"""Whisper on CTranslate2: a batch of windows in, words with times and probabilities out.

- int8 on the processor, beam 5, Mandarin, no time-stamp tokens, no text from before as a prompt (both feed loops).
- Terms are given as hot words, whole ones only, up to 120 tokens: the decoder's room for text is what they would take.
- Word times come from cross attention (as in openai-whisper's `timing.py`); a word's end is the reliable half of them.
- A window that came out as a loop is decoded once more with repeats forbidden.
- `workers` threads may read at once, on one set of weights; each then computes on `threads` of the processor.
- Local files only; nothing is ever fetched.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge_agent.errors import MissingAsset
from edge_agent.speech.clips import Samples
from edge_agent.speech.guard import is_loop

HOTWORD_TOKENS: Final = 120
BEAM: Final = 5
FRAMES_PER_SAMPLE: Final = 1 / 160
WINDOW_FRAMES: Final = 3000
SHORT_FRAMES: Final = 1500
SHORT_SAMPLES: Final = 14 * 16_000 + 8_000
"""The longest window that `short` pads to 15 s instead of 30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A token group of the recogniser: `start_s`, `end_s` in the window; `logprob` the mean of its tokens."""

    text: str
    start_s: float
    end_s: float
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one window says. `logprob` per token of the whole window, `no_speech` the probability that it is no speech."""

    words: tuple[Word, ...]
    logprob: float
    no_speech: float

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
        prompt = self._model.get_prompt(self._tokens, [], without_timestamps=True, hotwords=self._fitting(hotwords) or None)
        readings = self._decode(encoded, sounds, prompt)
        for number, reading in enumerate(readings):
            if is_loop(reading.text):
                again = self._model.encode(features[number : number + 1])
                readings[number] = self._decode(again, [sounds[number]], prompt, no_repeat_ngram_size=4)[0]
        return readings

    def _frames(self, longest: int) -> int:
        """How far windows are padded. Half the length costs the encoder a fifth (measured)."""
        return SHORT_FRAMES if self._short and longest <= SHORT_SAMPLES else WINDOW_FRAMES

    def _encoded(self, features: npt.NDArray[np.float32]) -> Any:
        """The encoder's view of all windows, made one at a time: eight at once take 300 MB more and no less time."""
        from ctranslate2 import StorageView  # noqa: PLC0415

        parts = [np.array(self._model.encode(features[at : at + 1])) for at in range(len(features))]
        return StorageView.from_array(np.concatenate(parts))

    def _decode(self, encoded: Any, sounds: Sequence[Samples], prompt: list[int], **options: int) -> list[Reading]:
        results = self._model.model.generate(
            encoded, [list(prompt) for _ in sounds], beam_size=BEAM, max_length=self._model.max_length,
            suppress_blank=True, suppress_tokens=self._suppressed, return_scores=True, return_no_speech_prob=True, **options,
        )  # fmt: skip
        tokens = [[token for token in result.sequences_ids[0] if token < self._tokens.eot] for result in results]
        frames = [min(WINDOW_FRAMES, math.ceil(len(sound) * FRAMES_PER_SAMPLE)) for sound in sounds]
        aligned = self._model.model.align(encoded, self._tokens.sot_sequence, tokens, frames, median_filter_width=7)
        return [
            Reading(
                words=self._words(text, alignment) if text else (),
                logprob=result.scores[0] * len(result.sequences_ids[0]) / (len(result.sequences_ids[0]) + 1),
                no_speech=result.no_speech_prob,
            )
            for result, text, alignment in zip(results, tokens, aligned, strict=True)
        ]

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

    def _fitting(self, hotwords: Sequence[str]) -> str:
        """As many whole terms, in the order given, as the token limit holds."""
        fitting, count = [], 0
        for term in dict.fromkeys(hotwords):
            count += len(self._tokens.encode(" " + term))
            if count > HOTWORD_TOKENS:
                break
            fitting.append(term)
        return " ".join(fitting)


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
