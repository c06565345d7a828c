"""How the vault refuses: one wording for everything that does not verify.

A reason starts with the part that is wrong: "header", "header MAC", "no identity matches", "payload", "manifest", "share".
"""

from edge_agent.errors import SealBroken


def broken(reason: str) -> SealBroken:
    """The refusal of a sealed thing; `reason` names the part and the fault, never content."""
    return SealBroken(reason, remedy="keep the file as evidence and use an intact copy", zh="密封数据不完整或被改动，已拒绝使用")
