"""Words are replaced from the left, the longest first, as an alternation of all of them would; every place stays known."""

import re

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.lexicon.notation import OWN
from edge_agent.tagging.text import Reader

words = st.text(alphabet="甲乙丙", min_size=1, max_size=4)


@given(
    st.dictionaries(words, st.text(alphabet="丁", max_size=3), min_size=1, max_size=6), st.text(alphabet="甲乙丙", max_size=14)
)
def test_repairs_are_those_of_an_alternation(table: dict[str, str], text: str) -> None:
    longest_first = "|".join(sorted(table, key=len, reverse=True))
    expected = re.sub(longest_first, lambda found: table[found[0]], text)
    read = list(Reader(brands={}, confusables=table, fillers=[]).sentences(text))
    assert "".join(sentence.text for sentence in read) == expected
    assert all(len(sentence.places) == len(sentence.text) for sentence in read)


@given(st.sets(words, min_size=1, max_size=6), st.text(alphabet="甲乙丙", max_size=14))
def test_brands_stand_where_they_are_named(names: set[str], text: str) -> None:
    found = list(re.finditer("|".join(sorted(names, key=len, reverse=True)), text))
    reader = Reader(brands={name: (OWN, name) for name in names}, confusables={}, fillers=[])
    brands = [(sentence.raw((at, at + 1)), code) for sentence in reader.sentences(text) for at, code in sentence.brands]
    assert brands == [(one.span(), one[0]) for one in found]
