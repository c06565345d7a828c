from pathlib import Path

import pytest

from edge_agent import config
from edge_agent.errors import BadConfig


def _write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(config.ENV, raising=False)
    monkeypatch.setattr(config, "SYSTEM_FILE", tmp_path / "absent.toml")
    loaded = config.load(state=tmp_path)
    assert loaded.paths.ledger == tmp_path / "ledger" / "ledger.db"
    assert loaded.hot_hours == 0


def test_unknown_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="brokr"):
        config.load(_write(tmp_path, 'brokr = "x"'))


def test_wrong_type_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"broker\.port"):
        config.load(_write(tmp_path, '[broker]\nport = "1883"'))


def test_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="line 1"):
        config.load(_write(tmp_path, "gateway = \ntenant = 1"))


def test_missing_file_is_an_error_and_not_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        config.load(tmp_path / "nowhere.toml")
