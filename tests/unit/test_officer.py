"""`edge-officer` as its users meet it: exit codes, one JSON document, Chinese then English, no secrets and no file names."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent import ids, officer
from edge_agent.vault import request, unseal
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.release import Release
from edge_agent.vault.x25519 import Identity, Recipient


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(autouse=True)
def own_excepthook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # main() sets it; put it back afterwards


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Two officers' key files, made by the tool, and a request of a box that knows them."""
    publics = []
    for role in ("legal", "hr"):
        assert officer.main(["keygen", "-o", str(tmp_path / f"{role}.key")]) == 0
        publics.append(capsys.readouterr().out.strip())
    keys = DeviceKeys.create(tmp_path / "keys", legal=[publics[0]], hr=[publics[1]])
    vault = DeviceVault(tmp_path / "vault", keys, Clock())
    object_id = ids.new_id()
    vault.seal(object_id, [b"what was said"], retention="call")
    asked = request.ask(vault, object_id, purpose="客户投诉复核", hours=1, now=Clock().now())
    (tmp_path / "request.json").write_bytes(asked.document)
    (tmp_path / "object").write_text(object_id)
    return tmp_path


def release(desk: Path, role: str, *more: str) -> int:
    return officer.main(["release", str(desk / "request.json"), "--key", str(desk / f"{role}.key"), *more])


def test_keygen_prints_the_public_key_and_keeps_the_secret_in_a_private_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert officer.main(["keygen", "-o", str(tmp_path / "key")]) == 0
    out = capsys.readouterr()
    identity = officer.read_identity((tmp_path / "key").read_bytes())
    assert Recipient.parse(out.out.strip()) == identity.recipient
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert "SECRET" not in out.out + out.err


def test_keygen_as_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert officer.main(["keygen", "-o", str(tmp_path / "key"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"recipient", "manager"}
    assert made["manager"] == ""


def test_keygen_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "张三.key").write_text("precious")
    assert officer.main(["keygen", "-o", str(tmp_path / "张三.key")]) == 1
    zh, en = capsys.readouterr().err.strip().splitlines()
    assert "已存在" in zh
    assert en.startswith("edge-officer: the output exists already")
    assert "张三" not in zh + en
    assert (tmp_path / "张三.key").read_text() == "precious"


def test_both_officers_release_and_the_box_opens(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for role in ("legal", "hr"):
        assert release(desk, role, "-o", str(desk / f"{role}.share")) == 0
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "客户投诉复核" in shown.err
        assert role.upper() in shown.err
        assert (desk / f"{role}.share").stat().st_mode & 0o777 == 0o600
    vault = DeviceVault(desk / "vault", DeviceKeys.load(desk / "keys"), Clock())
    both = [(desk / f"{role}.share").read_bytes() for role in ("hr", "legal")]
    unseal.combine(vault, (desk / "object").read_text(), both, now=Clock().now()).write(desk / "out")
    assert (desk / "out").read_bytes() == b"what was said"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_without_an_output_the_share_itself_is_the_one_document(
    flags: tuple[str, ...], desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release(desk, "legal", *flags) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == set(Release.__struct_fields__)
    assert said["role"] == "legal"


def test_with_an_output_json_says_what_was_released(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release(desk, "hr", "-o", str(desk / "share"), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["object"] == (desk / "object").read_text()
    assert (said["role"], said["purpose"]) == ("hr", "客户投诉复核")
    assert datetime.fromisoformat(said["expires_at"]) > datetime.now(UTC)


def test_a_share_is_no_use_without_the_session(desk: Path) -> None:
    assert release(desk, "hr", "-o", str(desk / "share")) == 0
    text = (desk / "share").read_text()
    assert "SECRET" not in text
    assert "what was said" not in text


def test_a_key_of_the_stock_keygen_works(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("age-keygen") is None:
        pytest.fail("the stock age-keygen is not installed: apt-get install age")
    subprocess.run(["age-keygen", "-o", desk / "stock.key"], capture_output=True, check=True)
    assert officer.read_identity((desk / "stock.key").read_bytes())
    assert release(desk, "stock") == 1  # it is nobody's on this box
    assert "opens no share" in capsys.readouterr().err


BAD = {
    "no request there": ("missing", "legal.key", "the request cannot be read"),
    "a folder for a request": ("keys", "legal.key", "the request cannot be read"),
    "an empty request": ("empty", "legal.key", "the request is empty"),
    "a request that is too large": ("large", "legal.key", "the request is too large"),
    "a request that is something else": ("legal.key", "legal.key", "request: not a signed document"),
    "a cut request": ("cut", "legal.key", "request: not a signed document"),
    "no key there": ("request.json", "missing", "the key file cannot be read"),
    "a request for a key": ("request.json", "request.json", "not an age X25519 identity"),
    "two keys in a key file": ("request.json", "two", "exactly one key"),
    "a path with a newline": ("a\nb", "legal.key", "the request cannot be read"),
    "a path with a zero byte": ("a\0b", "legal.key", "the request cannot be read"),
}


@pytest.mark.parametrize(("asked", "key", "message"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_with_a_remedy(
    asked: str, key: str, message: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "empty").write_bytes(b" \n")
    (desk / "large").write_bytes(bytes(300_000))
    (desk / "cut").write_bytes((desk / "request.json").read_bytes()[:-9])
    (desk / "two").write_text(f"{Identity.generate().text}\n{Identity.generate().text}\n")
    assert officer.main(["release", str(desk / asked), "--key", str(desk / key), "-o", str(desk / "share")]) == 1
    said = capsys.readouterr()
    zh, en = said.err.strip().splitlines()
    assert not zh.isascii()
    assert message in en
    assert " — " in en  # what to do about it
    assert said.out == ""
    assert str(desk) not in zh + en
    assert not (desk / "share").exists()


def test_an_expired_request_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vault = DeviceVault(desk / "vault", DeviceKeys.load(desk / "keys"), Clock())
    past = datetime.now(UTC) - timedelta(hours=2)
    old = request.ask(vault, (desk / "object").read_text(), purpose="p", hours=1, now=past)
    (desk / "request.json").write_bytes(old.document)
    assert release(desk, "legal") == 1
    assert "expired" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["keygen"], ["release"], ["release", "x"], ["nonsense"], ["release", "x", "--key"]])
def test_wrong_usage_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        officer.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def run(*code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", *code], capture_output=True, text=True, check=False)


def test_a_defect_is_exit_70_and_does_not_quote_its_message() -> None:
    done = run("""
from edge_agent import officer
def broken(_): raise RuntimeError("somebody said this")
officer._keygen = broken
officer.main(["keygen", "-o", "x"])
""")
    assert done.returncode == 70
    assert "internal error RuntimeError" in done.stderr
    assert "somebody" not in done.stdout + done.stderr


def test_the_officers_tool_is_light() -> None:
    done = run("""
import sys
from edge_agent import officer
try:
    officer.main(["--help"])
except SystemExit:
    pass
heavy = {"av", "numpy", "cv2", "faster_whisper", "ctranslate2", "jieba", "paho", "onnxruntime", "rapidocr", "opencc", "re2",
         "ahocorasick", "PIL", "sqlite3", "sqlite_utils", "edge_sync"}
print(sorted(heavy & set(sys.modules)))
""")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "[]"
