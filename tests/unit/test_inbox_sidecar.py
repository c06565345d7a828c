"""The sidecar's closed schema: what it takes, and that it tells all mistakes at once without repeating a value."""

from datetime import UTC, datetime

import pytest

from edge_agent.capture import sidecar
from edge_agent.domain.recording import Circumstances, Consent, Kind, View
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import BadInput

FULL = """
kind = "call"
started_at = 2026-11-20T09:30:00+08:00
channels = ["rep", "customer"]
industry = "fmcg"
channel = "visit"
context = ["outbound", "b2b"]
own = ["麦田食品"]
competitors = ["澜星", "金谷"]
bay = ""
[consent]
basis = "written"
"""
LEAST = 'kind = "call"\nstarted_at = 2026-11-20T09:30:00+08:00\n[consent]\nbasis = "none"\n'
SHELF = 'kind = "shelf"\nstarted_at = 2026-11-20T09:30:00Z\nbay = "bay-a"\n[consent]\nbasis = "not-personal"\n'


def refused(text: str | bytes) -> str:
    with pytest.raises(BadInput) as found:
        sidecar.read(text if isinstance(text, bytes) else text.encode())
    assert found.value.kind == "sidecar"
    return str(found.value)


def test_every_key_is_taken_over() -> None:
    assert sidecar.read(FULL.encode()) == Circumstances(
        kind=Kind.CALL, started_at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC), consent=Consent.WRITTEN,
        channels=(Speaker.REP, Speaker.CUSTOMER), industry="fmcg", channel="visit", context=frozenset({"outbound", "b2b"}),
        own=("麦田食品",), competitors=("澜星", "金谷"), bay="",
    )  # fmt: skip


def test_three_keys_are_enough() -> None:
    said = sidecar.read(LEAST.encode())
    assert (said.consent, said.channels, said.channel, said.context) == (Consent.NONE, (), "call", frozenset())


def test_a_shelf_video_names_its_bay() -> None:
    assert sidecar.read(SHELF.encode()).bay == "bay-a"
    assert "bay" in refused(SHELF.replace('bay = "bay-a"\n', ""))


def test_a_shelf_video_says_when_it_is_a_walk() -> None:
    walk = SHELF.replace('bay = "bay-a"\n', 'bay = "bay-a"\nview = "walk"\n')
    assert sidecar.read(SHELF.encode()).view is View.FIXED
    assert sidecar.read(walk.encode()).view is View.WALK
    assert "view" in refused('view = "walk"\n' + LEAST)
    assert "view" in refused(walk.replace('"walk"', '"drone"'))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('kind = "video"', "kind"),
        ("started_at = 2026-11-20T09:30:00", "started_at"),
        ('started_at = "yesterday"', "started_at"),
        ("started_at = 0001-01-01T00:00:00+08:00", "started_at"),
        ("started_at = 1970-01-01T00:00:00+08:00", "started_at"),
        ("started_at = 9999-12-31T23:59:59-08:00", "started_at"),
        ('channels = ["rep", "boss"]', "channels"),
        ('channels = "rep"', "channels"),
        ('industry = "Fast Moving"', "industry"),
        ('channel = "chat"', "channel"),
        ('context = ["secret"]', "context"),
        ("own = [1]", "own"),
        ('own = [""]', "own"),
        ('competitors = ["' + "长" * 41 + '"]', "competitors"),
        ('competitors = ["two\\nlines"]', "competitors"),
        ('industry = "fmcg\\n"', "industry"),
        ('bay = "../bay"', "bay"),
        ('bay = "a\\n"', "bay"),
    ],
)
def test_a_wrong_value_is_named_by_its_key_and_not_repeated(line: str, key: str) -> None:
    name = line.split(" ", maxsplit=1)[0]
    kept = [one for one in FULL.splitlines() if not one.startswith(f"{name} ")]
    message = refused("\n".join([line, *kept]))
    assert f"{key} — must be" in message
    for value in ("video", "yesterday", "boss", "Fast", "chat", "secret", "长长", "two", "../bay"):
        assert value not in message


@pytest.mark.parametrize("key", ["kind", "started_at"])
def test_a_missing_key_is_named(key: str) -> None:
    assert f"{key} — is missing" in refused("\n".join(one for one in LEAST.splitlines() if not one.startswith(key)))


def test_a_missing_consent_is_named() -> None:
    assert "consent — is missing" in refused(LEAST.split("[consent]", maxsplit=1)[0])


def test_all_mistakes_are_told_at_once() -> None:
    message = refused('kind = "x"\nchannel = "y"\nbay = "!"\nextra = 1\nown = 3\n')
    for key in ("kind", "started_at", "consent", "channel", "bay", "extra", "own"):
        assert f"{key} — " in message


def test_an_unknown_key_in_consent_is_refused() -> None:
    assert "consent — must be" in refused(LEAST + 'by = "someone"\n')


def test_a_key_that_is_a_sentence_is_not_repeated() -> None:
    message = refused('"客户说太贵了" = 1\n' + LEAST)
    assert "客户" not in message
    assert "a key — is not known" in message


def test_a_call_is_always_personal() -> None:
    assert "a call holds persons" in refused(LEAST.replace("none", "not-personal"))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"kind = ", b'kind = "x\nsecret sentence', b"a=1\na=2", b"[" * 50_000])
def test_what_is_no_toml_is_refused_without_quoting_it(content: bytes) -> None:
    assert "secret" not in refused(content)


def test_the_line_of_a_toml_mistake_is_told() -> None:
    assert "line 2" in refused('kind = "call"\nstarted_at = soon\n')


NAMED = 'rep = "E1024"\ncustomer = "张三 138"\n' + LEAST.replace("none", "spoken")


def test_persons_become_pseudonyms_and_their_codes_go_no_further() -> None:
    said = sidecar.read(NAMED.encode(), lambda purpose, code: f"{purpose}:{len(code)}")
    assert (said.consent, said.rep, said.customer) == (Consent.SPOKEN, "rep:5", "customer:6")
    assert "E1024" not in repr(said)


def test_without_a_key_a_named_person_is_not_silently_left_out() -> None:
    assert "no key here" in refused(NAMED)


@pytest.mark.parametrize("line", ['rep = ""', "rep = 17", 'rep = " E1"', 'customer = "' + "1" * 65 + '"', 'customer = "a\\nb"'])
def test_a_wrong_code_of_a_person_is_not_repeated(line: str) -> None:
    key = line.split(" ", maxsplit=1)[0]
    assert f"{key} — must be the code" in refused(f"{line}\n{LEAST}")


def test_a_video_holds_no_spoken_notice() -> None:
    assert "a video without sound" in refused(SHELF.replace("not-personal", "spoken"))
