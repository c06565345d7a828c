"""`ingest` beside a running worker: the files go through the inbox, so its disk counts, and nothing is left when that fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import memory_folder

from edge_agent import locks, processes
from edge_agent.capture.storage import Storage, storage_of
from edge_agent.config import Capture, Config
from edge_agent.errors import NotAllowed
from edge_agent.provision import provision
from edge_agent.vault.x25519 import Identity

META = 'kind = "call"\nstarted_at = 2026-11-20T09:30:00+08:00\n[consent]\nbasis = "notice"\n'


@pytest.fixture
def settings() -> Iterator[Config]:
    with memory_folder() as folder:
        made = Config(state=str(folder), capture=Capture(allow_plain=True))
        provision(made, legal=[str(Identity.generate().recipient)], hr=[str(Identity.generate().recipient)])
        yield made


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "a.wav").write_bytes(b"RIFF" * 100)
    (tmp_path / "a.toml").write_text(META, encoding="utf-8")
    return tmp_path / "a.wav", tmp_path / "a.toml"


def test_a_running_worker_is_handed_media_and_sidecar(settings: Config, files: tuple[Path, Path]) -> None:
    with locks.only_one(settings.paths.worker_lock):
        (line,) = processes.ingest(settings, [files[0]], files[1]).files
    assert (line.state, line.error) == ("queued", "")
    found = sorted(path.name for path in settings.paths.inbox.iterdir())
    assert len(found) == 2
    assert found[1] == f"{found[0]}.meta.toml"
    assert (settings.paths.inbox / found[0]).read_bytes() == files[0].read_bytes()


def test_nothing_is_handed_over_through_a_plain_disk(settings: Config, files: tuple[Path, Path], tmp_path: Path) -> None:
    if storage_of(tmp_path) in {Storage.MEMORY, Storage.ENCRYPTED}:
        pytest.skip("temporary files lie in memory or on an encrypted disk here")
    plain = Config(state=settings.state, inbox=str(tmp_path / "inbox"))
    plain.paths.inbox.mkdir()
    with locks.only_one(plain.paths.worker_lock), pytest.raises(NotAllowed, match="stop the worker"):
        processes.ingest(plain, [files[0]], files[1])
    assert list(plain.paths.inbox.iterdir()) == []


def test_no_sidecar_stays_without_its_media(settings: Config, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "new_id", lambda: "taken")
    (settings.paths.inbox / "taken").mkdir()
    with locks.only_one(settings.paths.worker_lock):
        (line,) = processes.ingest(settings, [files[0]], files[1]).files
    assert line.state == "refused"
    assert [path.name for path in settings.paths.inbox.iterdir()] == ["taken"]
