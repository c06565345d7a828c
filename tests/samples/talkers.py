"""More talkers than the voice package holds, and letters spoken as salespeople speak them.

Rules: a talker is a recipe over the packaged Kokoro styles, `style=weight,…` with an optional `@factor` that plays the
wave slower (below 1: lower and longer) or faster. Latin letters are spoken by their English names, because the Mandarin
phonemes of Kokoro drop them; acronyms that are read as words stand in `WORDS`. Not here: any text.
"""

import io
import re

import av
import numpy as np
from make_calls import RATE_HZ, Voice

ALPHA, GONGITSUNE, NEZUMI, TEBUKURO, KUMO = "jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"
CAST = {
    "alpha": f"{ALPHA}=1",
    "kumo": f"{KUMO}=1",
    "gongitsune": f"{GONGITSUNE}=1",
    "tebukuro": f"{TEBUKURO}=1",
    "tenor": f"{KUMO}=0.75,{NEZUMI}=0.25",
    "light": f"{KUMO}=0.7,{TEBUKURO}=0.3",
    "bass": f"{KUMO}=1.3,{ALPHA}=-0.3",
    "slow-gongitsune": f"{GONGITSUNE}=1@0.9",
    "quick-nezumi": f"{NEZUMI}=1@1.1",
    "low-alpha": f"{ALPHA}=0.6,{GONGITSUNE}=0.4@0.87",
    "mellow": f"{NEZUMI}=0.5,{TEBUKURO}=0.5@0.92",
    "high-kumo": f"{KUMO}=1@1.12",
}
NAMES = "ˈA bˈi sˈi dˈi ˈi ˈɛf ʤˈi ˈAʧ ˈI ʤˈA kˈA ˈɛl ˈɛm ˈɛn ˈO pˈi kjˈu ˈɑɹ ˈɛs tˈi jˈu vˈi dˈʌbəlju ˈɛks wˈI zˈi"
LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", NAMES.split(" "), strict=True))
WORDS = {"SaaS": "sˈæs", "POS": "pˈɔs", "Excel": "ɪksˈɛl"}


class Talkers(Voice):
    """Speaks with a name of `CAST`, letters included."""

    def say(self, text: str, voice: str, speed: float = 1.0) -> np.ndarray:
        return super().say(spelled(text), CAST[voice], speed)

    def _speak(self, text: str, voice: str, speed: float) -> np.ndarray:
        if self._session is None:
            self._load()
        recipe, _, factor = voice.partition("@")
        parts = [part.split("=") for part in recipe.split(",")]
        self._voices[voice] = sum(self._voices[style] * np.float32(weight) for style, weight in parts)
        wave = super()._speak(text, voice, speed)
        return resampled(wave, round(len(wave) / float(factor))) if factor else wave

    def _load(self) -> None:
        super()._load()
        mandarin = self._phonemes

        def mixed(text: str) -> tuple[str, None]:
            runs = re.split("⟨(.*?)⟩", text)
            return "".join(run if n % 2 else mandarin(run)[0] for n, run in enumerate(runs) if run), None

        self._phonemes = mixed


def spelled(text: str) -> str:
    """Each run of Latin letters replaced by its phonemes in angle brackets."""
    return re.sub(r"[A-Za-z]+", lambda run: f"⟨{WORDS.get(run[0]) or ' '.join(LETTERS[c] for c in run[0].upper())} ⟩", text)


def resampled(wave: np.ndarray, length: int) -> np.ndarray:
    """The same wave over `length` samples, band-limited."""
    spectrum = np.fft.rfft(wave)
    kept = np.zeros(length // 2 + 1, spectrum.dtype)
    common = min(len(kept), len(spectrum))
    kept[:common] = spectrum[:common]
    return (np.fft.irfft(kept, length) * length / len(wave)).astype(np.float32)


def opus(wave: np.ndarray, bit_rate: int) -> bytes:
    """Mono float32 at RATE_HZ to Opus in Ogg."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="mono")
        stream.bit_rate = bit_rate
        stream.options = {"application": "voip", "vbr": "on"}
        for at in range(0, len(wave), RATE_HZ):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(wave[None, at : at + RATE_HZ], np.float32), format="flt", layout="mono"
            )
            frame.sample_rate = RATE_HZ
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
