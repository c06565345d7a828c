"""The offline bundle: one folder on a stick from which a machine without a network is installed.

    install.sh            the installer (what it does: `systemd/`)
    bundle.toml           version, Python and machine it is for, digest of each folder
    wheels/               the product and all it depends on, with requirements.txt that pins every file by sha256
    models/NAME/          weights that no wheel in `wheels/` holds, already checked against the manifest
    lexicons/ systemd/    as in the wheel, to be read and compared
    licences/             licence texts of every wheel, and the offer of source for what is under the GPL
    SHA256SUMS            every other file but its signature
    SHA256SUMS.sig        Ed25519 over SHA256SUMS, raw: `openssl pkeyutl -verify -rawin` reads it

Weights travel once: as finished files in `models/`, not as the packages they came in. `build` makes a bundle, `check` judges one.
Who replaces the whole folder replaces the installer too: the public key must have come another way than the stick.
"""

from edge_agent.bundle.build import build
from edge_agent.bundle.check import check

__all__ = ["build", "check"]
