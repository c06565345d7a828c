"""Identifiers that are not digits alone: e-mail, WeChat id, passport, an organisation's unified social credit code.

A WeChat id or passport number counts only where it is called one. Dictated e-mail: 一二三四五六艾特qq点com.
"""

import re
from collections.abc import Iterator
from typing import Final

from edge_agent.domain.notes import FactKind
from edge_agent.facts import checks
from edge_agent.facts.identifiers import Identifier
from edge_agent.facts.rows import SAID

_SAID: Final = "零一二三四五六七八九幺两"
_LINK: Final = r"(?:号码|号|账号|ID|id|是|为|叫|呢|就是|也是|我的|您的|写的|搜|加|的|[:：,，\s]){0,6}"
_EMAIL: Final = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}\s?@\s?[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){0,3}\.[A-Za-z]{2,12}(?![A-Za-z0-9])"
)
_DICTATED: Final = re.compile(
    rf"(?P<local>[A-Za-z0-9_.\-{_SAID}点杠]{{2,40}})\s?(?:艾特|爱特|at|圈[aA]|小老鼠|@)\s?(?P<host>[A-Za-z0-9{_SAID}]{{2,20}})\s?"
    r"(?:点|\.|dot)\s?(?P<top>com|cn|net|org|康姆|抗母|com点cn)(?![A-Za-z])"
)
_WECHAT: Final = re.compile(
    rf"(?:微信|[Ww]e[Cc]hat|[Vv][Xx]|[Ww][Xx]|威信|薇信|[Vv]信){_LINK}(?P<id>[A-Za-z][A-Za-z0-9_\-]{{5,19}})(?![A-Za-z0-9_\-@])"
)
_PASSPORT: Final = re.compile(rf"(?:护照|[Pp]assport){_LINK}(?P<id>[A-Za-z]{{1,2}}[\s\-]?(?:[0-9{_SAID}]\s?){{7,8}})(?![0-9])")
_CREDIT: Final = re.compile(r"(?<![A-Za-z0-9])[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}(?![A-Za-z0-9])")


def find(line: str) -> Iterator[Identifier]:
    """E-mail addresses, WeChat ids, passports and credit codes of a folded sentence."""
    for match in _EMAIL.finditer(line):
        yield _made(FactKind.EMAIL, re.sub(r"\s", "", match[0]), match.span(), 0.98)
    for match in _DICTATED.finditer(line):
        if "@" in match[0] and not any(c in _SAID + "点" for c in match[0]):
            continue
        top = {"康姆": "com", "抗母": "com", "com点cn": "com.cn"}.get(match["top"], match["top"])
        local = _digits(match["local"]).replace("点", ".").replace("杠", "-")
        yield _made(FactKind.EMAIL, f"{local}@{_digits(match['host'])}.{top}", match.span(), 0.85)
    for match in _WECHAT.finditer(line):
        yield _made(FactKind.ACCOUNT, match["id"], match.span("id"), 0.9)
    for match in _PASSPORT.finditer(line):
        code = re.sub(r"[\s\-]", "", _digits(match["id"])).upper()
        if len(code) == 9:
            start, end = match.span("id")
            yield _made(FactKind.PASSPORT, code, (start, start + len(line[start:end].rstrip())), 0.95)
    for match in _CREDIT.finditer(line):
        if checks.credit(match[0]) and not checks.citizen(match[0]):
            yield _made(FactKind.ORGANISATION, match[0], match.span(), 0.98)


def _digits(text: str) -> str:
    return "".join(SAID.get(c, c) for c in text)


def _made(kind: FactKind, value: str, span: tuple[int, int], confidence: float) -> Identifier:
    return Identifier(kind=kind, value=value, span=span, confidence=confidence)
