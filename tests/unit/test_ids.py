from datetime import UTC, datetime

from edge_agent.ids import Pseudonyms, is_id, made_at, new_id


def test_ids_are_uuid7_and_sort_by_creation() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(is_id(one) for one in made)
    assert made == sorted(made)


def test_other_text_is_not_an_id() -> None:
    one = new_id()
    for text in (one.upper(), one + "\n", one[:-1], "../" + one, one[:14] + "4" + one[15:], ""):
        assert not is_id(text)


def test_an_id_says_when_it_was_made() -> None:
    before = datetime.now(UTC)
    assert abs((made_at(new_id()) - before).total_seconds()) < 5


def test_a_pseudonym_needs_the_key_and_the_purpose() -> None:
    name = Pseudonyms(b"k" * 32)
    assert name("rep", "E1024") == name("rep", " ｅ1024 ")
    others = {name("rep", "E1025"), name("customer", "E1024"), Pseudonyms(b"j" * 32)("rep", "E1024")}
    assert name("rep", "E1024") not in others
    assert len(others) == 3
    assert "e1024" not in name("rep", "E1024")
