"""The golden rules: each sentence is read as the tree written beside it and said back as promised; the others are asked about."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shipped

from edge_agent.rulebook.names import Book
from edge_agent.rulebook.reading import read
from edge_agent.rulebook.tree import Rule

GOLDEN = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(shipped.lexicon())


@pytest.mark.parametrize("row", GOLDEN["rule"], ids=lambda row: row["text"])
def test_the_sentence_is_read_as_its_tree_and_said_back(row: dict[str, Any], book: Book) -> None:
    tree = {key: row[key] for key in ("when", "then", "unless") if key in row}
    found = read(row["text"], book)
    assert found.question is None
    assert found.rule == msgspec.convert(tree, Rule)
    assert found.said_back == row["said_back"]


@pytest.mark.parametrize("row", GOLDEN["asked"], ids=lambda row: row["text"] or "empty")
def test_what_is_not_clear_is_asked_about_with_a_way_on(row: dict[str, Any], book: Book) -> None:
    found = read(row["text"], book)
    assert found.rule is None
    assert found.question is not None
    assert found.question.kind == row["kind"]
    assert found.question.zh
    assert found.question.en
    assert found.question.choices


@pytest.mark.parametrize("row", GOLDEN["rule"][:20], ids=lambda row: row["text"])
def test_half_and_full_width_are_read_alike(row: dict[str, Any], book: Book) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in row["text"])
    assert read(wide, book).rule == read(row["text"], book).rule


def test_there_are_enough_of_both() -> None:
    assert len(GOLDEN["rule"]) >= 80
    assert len(GOLDEN["asked"]) >= 40
    assert len({row["kind"] for row in GOLDEN["asked"]}) >= 15
