"""The configuration: what is wrong with it, and what each of its keys means."""

from edge_agent.config.explain import Key
from edge_agent.documents.base import Document


class ConfigMistake(Document, frozen=True, kw_only=True):
    """`key` is dotted; a value is never repeated."""

    key: str
    expected: str
    zh: str


class ConfigCheck(Document, frozen=True, kw_only=True):
    ok: bool
    mistakes: list[ConfigMistake]


class ConfigKeys(Document, frozen=True, kw_only=True):
    keys: list[Key]
