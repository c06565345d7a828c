"""The error tree in the docstring is the error tree."""

import re

import pytest

from edge_agent import errors, view


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


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.MissingAsset("a model"), "missing-asset"),
        (ZeroDivisionError("他说太贵了"), "zero-division-error"),
        (OSError(), "oserror"),
        (type("_H264Error", (Exception,), {})(), "h264-error"),
    ],
)
def test_an_error_has_a_code_that_is_its_class(error: Exception, code: str) -> None:
    assert errors.code(error) == code


def test_the_status_has_words_for_every_error_that_a_recording_can_wait_for() -> None:
    codes = {errors.code(type(name, (Exception,), {})()) for name in (*_defined(), "EdgeError")}
    assert codes <= view.REASONS.keys()
    assert "zero-division-error" in view.waits("zero-division-error")
    assert view.waits("") == ""
