"""What the inbox takes for a delivery, how a file is read, and when it is forgotten."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from errno import EACCES
from pathlib import Path

import pytest

from edge_agent.capture.inbox import FileArrival, FileInbox
from edge_agent.config import Limits
from edge_agent.domain.recording import Consent, Kind
from edge_agent.errors import BadInput, Unavailable

SIDECAR = """
kind = "call"
started_at = 2026-11-20T09:30:00+08:00
[consent]
basis = "notice"
"""
LIMITS = Limits(max_file_bytes=3 << 20)


@pytest.fixture
def inbox(tmp_path: Path) -> FileInbox:
    return FileInbox(tmp_path, LIMITS)


def deliver(folder: Path, name: str = "call.wav", content: bytes = b"media", *, meta: str | None = None) -> Path:
    (folder / (name + ".meta.toml" if meta is None else meta)).write_text(SIDECAR, encoding="utf-8")
    (folder / name).write_bytes(content)
    return folder / name


def only(inbox: FileInbox) -> FileArrival:
    (arrival,) = inbox.arrivals()
    return arrival


def _looked_at(arrival: FileArrival) -> None:
    arrival.circumstances()
    list(arrival.chunks())


def refusal(arrival: FileArrival) -> BadInput:
    """The refusal of an arrival, whichever look finds it; it never carries the name."""
    with pytest.raises(BadInput) as found:
        _looked_at(arrival)
    assert arrival.path.name not in str(found.value)
    assert found.value.remedy
    return found.value


@pytest.mark.parametrize("meta", ["call.wav.meta.toml", "call.meta.toml"])
def test_a_file_with_its_sidecar_is_an_arrival(tmp_path: Path, inbox: FileInbox, meta: str) -> None:
    deliver(tmp_path, meta=meta)
    arrival = only(inbox)
    assert arrival.circumstances().kind is Kind.CALL
    assert arrival.circumstances().consent is Consent.NOTICE
    assert b"".join(arrival.chunks()) == b"media"
    arrival.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".call.wav", "call.wav.part", "call.tmp", ".hidden.part"])
def test_a_file_that_is_still_being_written_does_not_exist(tmp_path: Path, inbox: FileInbox, name: str) -> None:
    deliver(tmp_path, name)
    assert inbox.arrivals() == []
    (tmp_path / name).rename(tmp_path / "done.wav")
    (tmp_path / (name + ".meta.toml")).rename(tmp_path / "done.meta.toml")
    assert only(inbox).path.name == "done.wav"


def test_a_file_without_a_sidecar_waits_and_is_counted_after_its_grace(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(b"media")
    now = [time.time()]
    inbox = FileInbox(tmp_path, LIMITS, grace=timedelta(minutes=5), now_s=lambda: now[0])
    assert (inbox.arrivals(), inbox.waiting()) == ([], 0)
    now[0] += 301
    assert inbox.waiting() == 1
    (tmp_path / "call.meta.toml").write_text(SIDECAR, encoding="utf-8")
    assert inbox.waiting() == 0
    assert len(inbox.arrivals()) == 1


def test_a_sidecar_alone_is_nothing(tmp_path: Path, inbox: FileInbox) -> None:
    (tmp_path / "call.meta.toml").write_text(SIDECAR, encoding="utf-8")
    assert (inbox.arrivals(), inbox.waiting()) == ([], 0)


def test_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    assert FileInbox(tmp_path / "none", LIMITS).arrivals() == []


def test_a_sidecar_for_two_files_goes_with_the_second(tmp_path: Path, inbox: FileInbox) -> None:
    deliver(tmp_path, "call.wav", meta="call.meta.toml")
    deliver(tmp_path, "call.ogg", meta="call.meta.toml")
    for left in (2, 0):
        arrival = inbox.arrivals()[0]
        list(arrival.chunks())
        arrival.discard()
        assert len(list(tmp_path.iterdir())) == left


@pytest.mark.parametrize("name", ["two\nlines.wav", "空 格.wav", "-rf.wav", "a" * 200 + ".wav", "quote'\".wav"])
def test_a_name_may_be_anything(tmp_path: Path, inbox: FileInbox, name: str) -> None:
    deliver(tmp_path, name)
    arrival = only(inbox)
    assert arrival.circumstances().kind is Kind.CALL
    assert b"".join(arrival.chunks()) == b"media"
    arrival.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_not_text_is_read_too(tmp_path: Path, inbox: FileInbox) -> None:
    deliver(tmp_path, os.fsdecode(b"call\xff.wav"))
    assert b"".join(only(inbox).chunks()) == b"media"


def make_directory(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    target = path.with_name("secret.part")
    target.write_bytes(b"secret")
    path.symlink_to(target)


def make_dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


MADE = {
    "a directory": (make_directory, "not-a-file"),
    "a symbolic link": (make_link, "not-a-file"),
    "a dangling link": (make_dangling, "not-a-file"),
    "a FIFO": (os.mkfifo, "not-a-file"),
    "a socket": (make_socket, "not-a-file"),
    "an empty file": (Path.touch, "empty"),
    "too large a file": (lambda path: path.write_bytes(b"x" * ((3 << 20) + 1)), "too-large"),
}


@pytest.mark.parametrize(("make", "kind"), MADE.values(), ids=MADE.keys())
def test_what_is_no_usable_file_is_refused_and_left(tmp_path: Path, inbox: FileInbox, make: object, kind: str) -> None:
    path = tmp_path / "call.wav"
    deliver(tmp_path)
    path.unlink()
    make(path)  # type: ignore[operator]
    assert refusal(only(inbox)).kind == kind
    assert os.path.lexists(path)


@pytest.mark.parametrize(("make", "kind"), MADE.values(), ids=MADE.keys())
def test_what_takes_the_place_of_a_file_after_the_first_look_is_not_read(
    tmp_path: Path, inbox: FileInbox, make: object, kind: str
) -> None:
    path = deliver(tmp_path)
    arrival = only(inbox)
    assert arrival.circumstances().kind is Kind.CALL
    path.unlink()
    make(path)  # type: ignore[operator]
    with pytest.raises(BadInput) as found:
        list(arrival.chunks())
    assert found.value.kind == kind


def test_a_refused_file_is_offered_again_only_when_it_changes(tmp_path: Path, inbox: FileInbox) -> None:
    path = deliver(tmp_path, content=b"")
    refusal(only(inbox))
    assert inbox.arrivals() == []
    path.write_bytes(b"media")
    assert b"".join(only(inbox).chunks()) == b"media"


def test_a_file_that_may_not_be_read_is_refused_until_it_may(
    tmp_path: Path, inbox: FileInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, opened = deliver(tmp_path), os.open

    def guarded(asked: Path, *args: int) -> int:
        if asked == path and not path.stat().st_mode & 0o004:
            raise PermissionError(EACCES, "denied")
        return opened(asked, *args)

    monkeypatch.setattr(os, "open", guarded)  # root may read anything
    path.chmod(0o600)
    assert refusal(only(inbox)).kind == "unreadable"
    assert inbox.arrivals() == []
    path.chmod(0o644)
    assert b"".join(only(inbox).chunks()) == b"media"


def test_a_corrected_sidecar_brings_its_file_back(tmp_path: Path, inbox: FileInbox) -> None:
    deliver(tmp_path)
    meta = tmp_path / "call.wav.meta.toml"
    meta.write_text("kind = 1", encoding="utf-8")
    assert refusal(only(inbox)).kind == "sidecar"
    assert inbox.arrivals() == []
    fresh = tmp_path / "new.part"
    fresh.write_text(SIDECAR, encoding="utf-8")
    fresh.rename(meta)
    assert only(inbox).circumstances().kind is Kind.CALL


@pytest.mark.parametrize("make", [make_directory, make_link, os.mkfifo])
def test_a_sidecar_that_is_no_file_is_refused(tmp_path: Path, inbox: FileInbox, make: object) -> None:
    deliver(tmp_path)
    meta = tmp_path / "call.wav.meta.toml"
    meta.unlink()
    make(meta)  # type: ignore[operator]
    assert refusal(only(inbox)).kind == "sidecar"


def test_a_huge_sidecar_is_refused(tmp_path: Path, inbox: FileInbox) -> None:
    deliver(tmp_path)
    (tmp_path / "call.wav.meta.toml").write_bytes(b"#" * 70_000)
    assert refusal(only(inbox)).kind == "sidecar"


def test_a_vanished_sidecar_is_said(tmp_path: Path, inbox: FileInbox) -> None:
    deliver(tmp_path)
    arrival = only(inbox)
    (tmp_path / "call.wav.meta.toml").unlink()
    assert refusal(arrival).kind == "no-sidecar"


def test_a_vanished_file_is_said(tmp_path: Path, inbox: FileInbox) -> None:
    path = deliver(tmp_path)
    arrival = only(inbox)
    path.unlink()
    assert refusal(arrival).kind == "gone"


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, 10)


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [grow, shrink, rewrite])
def test_a_file_that_changes_while_it_is_read_is_refused_and_stays(tmp_path: Path, inbox: FileInbox, change: object) -> None:
    path = deliver(tmp_path, content=b"x" * (2 << 20))
    arrival = only(inbox)
    pieces: Iterator[bytes] = arrival.chunks()
    next(pieces)
    change(path)  # type: ignore[operator]
    with pytest.raises(BadInput) as found:
        list(pieces)
    assert found.value.kind == "changed"
    with pytest.raises(BadInput):
        arrival.discard()
    assert path.exists()


def test_a_newer_file_under_the_same_name_is_not_thrown_away(tmp_path: Path, inbox: FileInbox) -> None:
    path = deliver(tmp_path)
    arrival = only(inbox)
    list(arrival.chunks())
    (tmp_path / "new.part").write_bytes(b"the next recording")
    (tmp_path / "new.part").rename(path)
    with pytest.raises(BadInput):
        arrival.discard()
    assert path.read_bytes() == b"the next recording"


def test_what_was_never_read_is_never_thrown_away(tmp_path: Path, inbox: FileInbox) -> None:
    path = deliver(tmp_path)
    with pytest.raises(BadInput):
        only(inbox).discard()
    assert path.exists()


def test_a_file_named_by_hand_stays(tmp_path: Path) -> None:
    path = deliver(tmp_path)
    arrival = FileArrival(path=path, sidecar=tmp_path / "call.wav.meta.toml", max_bytes=100, keep=True)
    assert b"".join(arrival.chunks()) == b"media"
    arrival.discard()
    assert path.exists()


def test_memory_is_bounded_by_the_piece(tmp_path: Path, inbox: FileInbox) -> None:
    deliver(tmp_path, content=b"x" * (3 << 20))
    assert {len(piece) for piece in only(inbox).chunks()} == {1 << 20}


def test_arrivals_come_oldest_first(tmp_path: Path, inbox: FileInbox) -> None:
    for name in ("b.wav", "a.wav", "c.wav"):
        deliver(tmp_path, name)
        time.sleep(0.02)
    assert [one.path.name for one in inbox.arrivals()] == ["b.wav", "a.wav", "c.wav"]


def test_a_folder_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "inbox").touch()
    with pytest.raises((BadInput, Unavailable)):
        FileInbox(tmp_path / "inbox", LIMITS).arrivals()


def test_a_link_to_a_folder_full_of_files_is_not_followed(tmp_path: Path, inbox: FileInbox) -> None:
    (tmp_path / ".store").mkdir()
    deliver(tmp_path / ".store")
    (tmp_path / "link").symlink_to(tmp_path / ".store")
    shutil.copy(tmp_path / ".store" / "call.wav.meta.toml", tmp_path / "link.meta.toml")
    assert refusal(only(inbox)).kind == "not-a-file"
