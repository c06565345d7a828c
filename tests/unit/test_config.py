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


@pytest.mark.parametrize("host", ["broker.hq.example", "10.0.0.5", "localhost.example"])
def test_a_broker_on_another_machine_without_a_ca_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(BadConfig, match=r"needs `ca` .* `\$\.broker`"):
        config.load(_write(tmp_path, f'[broker]\nhost = "{host}"'))
    assert config.load(_write(tmp_path, f'[broker]\nhost = "{host}"\nca = "/ca.pem"')).broker.host == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_a_broker_on_this_machine_may_be_plain(tmp_path: Path, host: str) -> None:
    assert config.load(_write(tmp_path, f'[broker]\nhost = "{host}"')).broker.ca == ""


def test_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="line 1"):
        config.load(_write(tmp_path, "gateway = \ntenant = 1"))


def test_missing_file_is_an_error_and_not_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        config.load(tmp_path / "nowhere.toml")
