import json
import re
import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest
from msgspec import inspect

from edge_agent import config
from edge_agent.cli import main
from edge_agent.config import explain
from edge_agent.config.check import mistakes
from edge_agent.errors import BadConfig, NotFound


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
    with pytest.raises(BadConfig, match=r"broker\.ca must name HQ.s CA file"):
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


MANY = """
gateway = "Laden 7"
brokr = "x"
hot_hours = "two"
[broker]
port = 70000
hots = "hq.example"
[consent]
jurisdiction = "mars"
[[capture.sources]]
device = "车间麦克风"
speakers = []
[[capture.sources]]
name = "counter"
basis = "because"
"""


def test_all_mistakes_are_told_at_once_and_no_value_is_repeated(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as refused:
        config.load(_write(tmp_path, MANY))
    for key in (
        "gateway", "brokr", "hot_hours", "broker.port", "broker.hots", "consent.jurisdiction", "capture.sources[1].name",
        "capture.sources[1].speakers", "capture.sources[2].basis",
    ):  # fmt: skip
        assert f"{key} " in refused.value.message, key
        assert key in refused.value.zh, key
    for value in ("Laden", "hq.example", "mars", "车间", "because", "70000", "two"):
        assert value not in str(refused.value) + refused.value.zh


def test_a_mistyped_key_is_told_its_neighbour(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"brokr is not known; did you mean broker\?"):
        config.load(_write(tmp_path, "[brokr]\nport = 1"))
    with pytest.raises(BadConfig, match=r"broker\.hots is not known; did you mean broker\.host\?"):
        config.load(_write(tmp_path, '[broker]\nhots = "x"'))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('timezone = "Mars/Olympus"', "timezone"),
        ('[broker]\nhost = "hq.example"', "broker.ca"),
        ('[broker]\ncertificate = "c.pem"', "broker.key"),
        ('[[capture.sources]]\nname = "a"\n[[capture.sources]]\nname = "a"', "capture.sources[2].name"),
        ('[consent]\nemployees = "required"\n[[capture.sources]]\nname = "a"', "capture.sources[1].rep"),
        ("[limits]\nmedia_floor_bytes = 10\ntag_floor_bytes = 20", "limits.tag_floor_bytes"),
    ],
)
def test_contradictions_are_mistakes(tmp_path: Path, text: str, key: str) -> None:
    found = mistakes(config.read(_write(tmp_path, text)), config.Config)
    assert [one.key for one in found] == [key]


DESTROYS_OR_STOPS = [
    "hot_hours = inf", "hot_hours = nan", "[retention]\ncall_days = -5", "[retention]\ncall_days = nan",
    "[retention]\nevents = {risk = -1}", "[consent]\ngrace_hours = -1", "[consent]\ngrace_hours = inf",
    "[consent]\nnotice_within_s = nan", "[audit]\ncheckpoint_s = nan", "[audit]\ncheckpoint_s = 0",
    "[audit]\ncheckpoint_rows = -3", "[audit]\ncheckpoint_rows = 0", "[speech]\nbatch = 0", "[shelf]\nthreads = -1",
    "[limits]\nmax_call_hours = 0", "[limits]\noutbox_bytes = -1", "[limits]\nmedia_floor_bytes = -1",
    "[capture]\nminutes = nan",
]  # fmt: skip


@pytest.mark.parametrize("text", DESTROYS_OR_STOPS)
def test_a_number_that_would_destroy_everything_or_stop_the_worker_is_a_mistake(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfig):
        config.load(_write(tmp_path, text))


def _numbers(kind: type[msgspec.Struct], at: str = "") -> dict[str, inspect.IntType | inspect.FloatType]:
    found: dict[str, inspect.IntType | inspect.FloatType] = {}
    for field in msgspec.structs.fields(kind):
        info = inspect.type_info(field.type)
        info = getattr(info, "value_type", None) or getattr(info, "item_type", None) or info
        if isinstance(info, inspect.StructType):
            found |= _numbers(info.cls, f"{at}{field.name}.")
        elif isinstance(info, inspect.IntType | inspect.FloatType):
            found[at + field.name] = info
    return found


def test_every_number_has_both_bounds() -> None:
    numbers = _numbers(config.Config)
    assert {"hot_hours", "retention.events", "capture.sources.rate_hz", "limits.outbox_bytes"} <= set(numbers)
    assert [key for key, one in numbers.items() if (one.ge is None and one.gt is None) or one.le is None] == []


def test_a_source_that_names_its_employee_may_record_where_that_is_required(tmp_path: Path) -> None:
    text = '[consent]\nemployees = "required"\n[[capture.sources]]\nname = "a"\nrep = {}'
    assert config.load(_write(tmp_path, text.format('"工号 7"'))).capture.sources[0].rep == "工号 7"
    for wrong in ('" 7"', '"7\\n"', '"\\u0000"', '"7\\u007f"', f'"{"7" * 65}"'):
        with pytest.raises(BadConfig, match="rep must be"):
            config.load(_write(tmp_path, text.format(wrong)))


def test_every_key_is_explained_in_both_languages() -> None:
    assert [one.key for one in explain.listed() if not (one.zh and one.en)] == []


def test_the_installers_file_is_generated_and_sound() -> None:
    file = Path(__file__).parents[2] / "systemd" / "config.toml"
    assert file.read_text(encoding="utf-8") == explain.toml(), "run: edge-agent config explain --toml > systemd/config.toml"
    loaded = config.load(file)
    assert loaded.paths.worker_socket == Path("/run/edge-agent/worker/worker.sock")
    assert loaded == msgspec.convert({**explain.INSTALLED}, config.Config)


def test_the_commented_defaults_are_the_defaults() -> None:
    lines = [line.removeprefix("# ") for line in explain.toml().split("# [[capture.sources]]")[0].splitlines()]
    uncommented = "\n".join(line for line in lines if line.startswith("[") or re.match(r"[a-z_]+ = ", line))
    given = {**tomllib.loads(uncommented), **dict.fromkeys(explain.INSTALLED, "")}
    assert msgspec.convert(given, config.Config) == config.Config()


def test_a_section_and_a_mistyped_key_can_be_asked_for() -> None:
    assert {one.key for one in explain.listed("broker")} == {f"broker.{name}" for name in config.Broker.__struct_fields__}
    with pytest.raises(NotFound, match=r"broker\.port"):
        explain.listed("broker.prot")


def test_the_schema_refuses_what_the_check_refuses(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(explain.schema())
    validator.check_schema(explain.schema())
    assert list(validator.iter_errors(tomllib.loads(explain.toml()))) == []
    for text in ('brokr = "x"', "[broker]\nport = 0", '[consent]\njurisdiction = "mars"', "hot_hours = -1"):
        assert list(validator.iter_errors(tomllib.loads(text)))
        with pytest.raises(BadConfig):
            config.load(_write(tmp_path, text))


def test_the_command_says_all_mistakes_and_exits_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(tmp_path, MANY)
    assert main(["--config", str(path), "config", "check", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert len(document["mistakes"]) == 9
    path.write_text("")
    assert main(["config", "check", "--config", str(path)]) == 0
