"""The units as systemd itself reads them: nothing to complain about, little exposed, and the walls that G5 stands on."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(SYSTEMD.glob("*.service"))
MOST_EXPOSED = 1.5


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with their programs in a folder of stand-ins."""
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is missing: apt-get install systemd")
    folder = tmp_path_factory.mktemp("units")
    for name in ("edge-agent", "edge-hq"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    for unit in SYSTEMD.iterdir():
        if unit.suffix in {".service", ".target", ".slice", ".mount"}:
            text = unit.read_text(encoding="utf-8").replace("/opt/edge-agent/current/bin", str(folder))
            name = "run-edge\\x2dagent-inbox.mount" if unit.suffix == ".mount" else unit.name  # as install.sh names it
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def analysed(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"}
    )
    return done.returncode, done.stdout + done.stderr


def said(unit: Path) -> dict[str, list[str]]:
    """Every setting of a unit, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        key, mark, value = line.partition("=")
        if mark and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_verify_prints_nothing(units: Path) -> None:
    files = sorted(path for path in units.iterdir() if path.suffix)
    assert len(files) == len(SERVICES) + 3
    assert analysed("verify", *files) == (0, "")


def test_verify_would_complain_of_a_misspelt_key(units: Path, tmp_path: Path) -> None:
    unit = tmp_path / "edge-agent-worker.service"
    unit.write_text((units / unit.name).read_text().replace("PrivateNetwork=", "PrivateNetwrk="))
    assert "PrivateNetwrk" in analysed("verify", unit)[1]


@pytest.mark.parametrize("service", [path.name for path in SERVICES])
def test_exposure_is_at_most_one_and_a_half(units: Path, service: str) -> None:
    code, text = analysed("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", units / service)
    (level,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", text)
    assert (code, float(level) <= MOST_EXPOSED) == (0, True), level


@pytest.mark.parametrize("name", ["worker", "capture"])
def test_whoever_has_media_has_no_network(name: str) -> None:
    unit = said(SYSTEMD / f"edge-agent-{name}.service")
    assert unit["PrivateNetwork"] == ["yes"]
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert unit["LimitCORE"] == ["0"]
    assert unit["MemorySwapMax"] == ["0"]


def test_whoever_has_network_has_no_media_no_keys_and_no_devices() -> None:
    unit = said(SYSTEMD / "edge-agent-uplink.service")
    assert unit["TemporaryFileSystem"] == ["/var/lib:ro", "/run/edge-agent:ro"]
    assert unit["BindReadOnlyPaths"] == ["/var/lib/edge-agent/ledger", "/run/edge-agent/worker"]
    assert unit["BindPaths"] == ["/var/lib/edge-agent/uplink"]
    assert unit["PrivateDevices"] == ["yes"]
    assert unit["InaccessiblePaths"] == ["/run/edge-agent/worker/openings"]
    assert "/run/edge-agent/worker/openings " in (SYSTEMD / "tmpfiles.d" / "edge-agent.conf").read_text()
    assert "edge-inbox" not in unit["SupplementaryGroups"][0]


def test_whoever_pulls_cameras_reaches_no_address_that_nobody_allowed() -> None:
    unit = said(SYSTEMD / "edge-agent-watch.service")
    assert unit["IPAddressDeny"] == ["any"]
    assert "IPAddressAllow" not in unit, "the installer names the cameras' addresses in a drop-in"
    assert unit["SocketBindDeny"] == ["any"]
    assert unit["DevicePolicy"] == ["closed"]
    assert unit["DeviceAllow"] == ["char-video4linux rw"]
    assert (unit["LimitCORE"], unit["MemorySwapMax"]) == (["0"], ["0"])
    assert unit["InaccessiblePaths"] == ["-/var/lib/edge-agent/uplink"]


def test_each_process_has_an_account_of_its_own_that_sysusers_makes() -> None:
    users = [said(unit)["User"][0] for unit in SERVICES if unit.name != "edge-hq-sink.service"]
    made = re.findall(r"^u +(\S+)", (SYSTEMD / "sysusers.d" / "edge-agent.conf").read_text(), re.MULTILINE)
    assert sorted(set(users)) == sorted(made)
    shared = [name for name in set(users) if users.count(name) > 1]
    assert shared == ["edge-agent"], "worker and watch: both seal"


@pytest.mark.parametrize("service", [path for path in SERVICES if "hq" not in path.name], ids=lambda path: path.stem)
def test_a_hung_process_is_started_again(service: Path) -> None:
    unit = said(service)
    assert unit["Type"] == ["notify"]
    assert int(unit["WatchdogSec"][0]) > 0
    assert unit["Restart"] == ["always"]


def test_the_programs_are_commands_of_the_product() -> None:
    for service in SERVICES:
        (start,) = said(service)["ExecStart"]
        assert re.fullmatch(
            r"/opt/edge-agent/current/bin/edge-(agent|hq) .*\b(run (worker|uplink|capture)|watch|sink)\b.*", start
        )


def test_scripts_are_posix_shell() -> None:
    for script in SYSTEMD.glob("*.sh"):
        assert script.read_text().startswith("#!/bin/sh\n")
        subprocess.run(["sh", "-n", script], check=True)
