"""`edge-agent --help` imports no heavy library and answers at once, in Chinese first."""

import argparse
import re
import resource
import subprocess
import sys

from edge_agent.cli import parser

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
    "tomlkit",
    "lark",
    "threadpoolctl",
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
        """Processor seconds: a busy machine stretches the other clock."""
        costs = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(costs)

    bare = best("pass")
    assert best(PROGRAM) - bare < best("import faster_whisper") - bare


def test_every_command_is_explained_in_chinese_first_then_in_english() -> None:
    (commands,) = [one for one in parser()._actions if isinstance(one, argparse._SubParsersAction)]
    told = {one.dest: one.help or "" for one in commands._choices_actions}
    assert {"listen", "metrics", "facts", "lexicon", "rules", "demo"} <= set(told)
    assert [name for name, words in told.items() if not re.match(r"[\u4e00-\u9fff].*[A-Za-z]{2}", words)] == []
