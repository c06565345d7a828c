"""How a camera's address becomes what libav opens: with its credentials, one transport, and bounds on every wait.

Credentials are `user:password` in one line. They go into the address in memory only, in the puller's own job; percent-encoded, so
that no character of a password changes what the address means.
"""

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from edge_agent.config.cameras import Camera
from edge_agent.errors import BadConfig

FOLDER: Final = "CREDENTIALS_DIRECTORY"
"""Where the service manager puts what `LoadCredential=` names."""
TRUSTED: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Whom this system trusts (Debian's ca-certificates)."""
_LONGEST: Final = 512


def with_credentials(camera: Camera, said: str) -> str:
    """The address with `user:password` in its place; without credentials as it is."""
    if not said:
        return camera.url
    user, _, password = (quote(part, safe="") for part in said.partition(":"))
    if "{user}" in camera.url or "{password}" in camera.url:
        return camera.url.replace("{user}", user).replace("{password}", password)
    parts = urlsplit(camera.url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))


def ca(camera: Camera) -> str:
    """The file of certificates of which one must vouch for the camera; empty where its address is without TLS."""
    return (camera.ca or TRUSTED) if camera.url.lower().startswith("rtsps://") else ""


def credentials(camera: Camera) -> str:
    """What the file holds; empty where the camera needs none.

    Raises:
        BadConfig: it is missing, is no line `user:password`, or others than its owner may read it.
    """
    if not camera.credentials:
        return ""
    place = Path(camera.credentials)
    if not place.is_absolute():
        place = Path(os.environ.get(FOLDER, "/run/credentials/edge-agent-watch.service")) / place.name
    try:
        with place.open("rb") as file:
            others = os.fstat(file.fileno()).st_mode & 0o007
            line = file.read(_LONGEST + 1)
    except OSError as error:
        raise _bad("cannot be read", "put user:password into it, owner edge-agent, mode 0600", "无法读取") from error
    if others and FOLDER not in os.environ:
        raise _bad("may be read by everybody", "chmod 0600 it", "所有人可读，请 chmod 0600")
    try:
        text = line.decode().strip("\r\n")
    except UnicodeDecodeError:
        text = ""
    if len(line) > _LONGEST or ":" not in text or "\n" in text:
        raise _bad("is not one line user:password", "write it so", "应为一行“用户:密码”")
    return text


def _bad(what: str, remedy: str, zh: str) -> BadConfig:
    return BadConfig(f"cameras.credentials: the file {what}", remedy=remedy, zh=f"摄像头凭据文件{zh}")
