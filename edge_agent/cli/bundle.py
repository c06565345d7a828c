"""`edge-agent bundle build|verify`: the folder from which a machine without a network is installed."""

import argparse
import sys
from pathlib import Path

from edge_agent import privilege
from edge_agent.cli.options import Commands, command, loaded

FAILED = 1


def add(commands: Commands) -> None:
    group = commands.add_parser("bundle", help="离线安装包：制作、校验 make or check the offline installer")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    build = command(verbs, "build", _build, "制作离线安装包", "Collect wheels, models, installer and licences into one folder")
    build.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="a new folder, for example on a stick")
    build.add_argument("--key", type=Path, metavar="KEY", help="private key that signs it (edge-hq keygen); without: unsigned")
    build.add_argument("--wheelhouse", type=Path, metavar="DIR", help="take all packages from here, ask no index")
    build.add_argument("--model", action="append", metavar="NAME", help="weights to carry; default: the configured one")
    build.add_argument("--models-from", type=Path, metavar="DIR", help="take the weights' files from here")
    build.add_argument("--contact", default="", help="who hands out the source of the GPL parts, for the licence note")
    verify = command(verbs, "verify", _verify, "校验离线安装包", "Check signature and every file")
    verify.add_argument("dir", type=Path, metavar="DIR")
    verify.add_argument("--key", default="", metavar="PUBLIC", help="public key (base64) that must have signed it")


def _build(arguments: argparse.Namespace) -> int:
    from edge_agent import bundle, documents  # noqa: PLC0415 - after parsing

    models = arguments.model or (loaded(arguments).speech.model,)
    with privilege.raised():  # every file it touches is one that was named here
        made = bundle.build(
            arguments.output, models=models, key=arguments.key, wheelhouse=arguments.wheelhouse,
            models_from=arguments.models_from, contact=arguments.contact,
        )  # fmt: skip
    if not made.signed_by:
        print(
            "警告：安装包未签名，安装时须加 --unsigned\nedge-agent: the bundle is NOT signed; install.sh refuses it without "
            "--unsigned — give --key",
            file=sys.stderr,
        )
    if arguments.json:
        print(documents.encode(made))
    else:
        print(f"已制作 made: edge-agent {made.version}, {made.wheels} wheels, {made.files} files, {made.bytes / 1e6:.0f} MB")
        if made.signed_by:
            print(f"签名公钥 signed by: {made.signed_by}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from edge_agent import bundle, documents  # noqa: PLC0415

    found = bundle.check(arguments.dir, arguments.key)
    if arguments.json:
        print(documents.encode(found))
    for fault in found.faults:
        many = f" ({fault.count})" if fault.state == "unlisted" else ""
        print(f"edge-agent: {fault.path}: {fault.state}{many}", file=sys.stderr)
    if found.signature != "valid":
        print(f"签名 signature: {found.signature}", file=sys.stderr)
    if not found.ok:
        print("安装包不可信，不要安装\nedge-agent: do not install from this folder — copy the bundle again", file=sys.stderr)
    elif not arguments.json:
        print(f"完好 ok: edge-agent {found.version} for {found.machine}, {found.files} files")
    return 0 if found.ok else FAILED
