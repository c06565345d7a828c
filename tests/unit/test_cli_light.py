"""`edge-agent --help` imports no heavy library and answers at once."""

import subprocess
import sys
import time

HEAVY = (
    "numpy",
    "av",
    "cv2",
    "faster_whisper",
    "ctranslate2",
    "jieba",
    "paho",
    "onnxruntime",
    "rapidocr",
    "opencc",
    "re2",
    "ahocorasick",
    "PIL",
    "cryptography",
    "sqlite_utils",
    "structlog",
    "rich",
    "zstandard",
    "sounddevice",
    "huggingface_hub",
    "tokenizers",
    "pypinyin",
)

PROGRAM = f"""
import sys
from edge_agent.cli import parser
parser().format_help()
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_help_imports_no_heavy_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_costs_a_fraction_of_what_one_heavy_import_costs() -> None:
    def best(program: str) -> float:
        times = []
        for _ in range(3):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
            times.append(time.perf_counter() - began)
        return min(times)

    bare = best("pass")
    assert best(PROGRAM) - bare < best("import faster_whisper") - bare
