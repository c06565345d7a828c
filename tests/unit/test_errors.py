"""The error tree in the docstring is the error tree."""

import re

from edge_agent import errors


def _defined() -> dict[str, str]:
    found = {}
    for name, thing in vars(errors).items():
        if isinstance(thing, type) and issubclass(thing, errors.EdgeError) and thing is not errors.EdgeError:
            found[name] = thing.__mro__[1].__name__
    return found


def test_docstring_draws_every_error_under_its_parent() -> None:
    drawn: dict[str, str] = {}
    parents = {0: "EdgeError"}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│ ]*)[├└]── (\w+)", line)
        if match:
            depth = len(match[1]) // 4 + 1
            parents[depth] = match[2]
            drawn[match[2]] = parents[depth - 1]
    assert drawn == _defined()


def test_exit_codes_are_the_documented_ones() -> None:
    codes = {name: getattr(errors, name).exit_code for name in _defined()}
    assert codes.pop("Unavailable") == 75
    assert codes.pop("LedgerBroken") == 70
    assert set(codes.values()) == {1}


def test_message_carries_remedy_and_chinese_apart() -> None:
    error = errors.BadInput("empty", "the file is empty", remedy="copy it again", zh="文件是空的")
    assert str(error) == "the file is empty — copy it again"
    assert (error.kind, error.zh, error.exit_code) == ("empty", "文件是空的", 1)
