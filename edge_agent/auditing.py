"""The audit log for a compliance officer: listed in words, verified, one row proved, all of it exported with a verifier.

Read-only beside a working worker. An export can be checked on any machine with Python and `cryptography`; whoever checks it
should bring the box's key and HQ's checkpoints from HQ, not from the box.
"""

import json
import shutil
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_agent import answers, app, privilege
from edge_agent.config import Config
from edge_agent.documents import AuditExported, AuditLine, AuditList, AuditProved, AuditVerified
from edge_agent.errors import BadInput, LedgerBroken, NotAllowed, NotFound

if TYPE_CHECKING:
    import sqlite3

    from edge_agent.ledger.audit import Row
    from edge_agent.ledger.evidence import Keys
    from edge_agent.vault.keys import DeviceKeys

WORDS: Final[dict[str, tuple[str, str]]] = {
    "audit.exported": ("导出审计记录", "audit log exported"),
    "ballast.freed": ("磁盘将满，释放预留空间", "disk nearly full, reserve freed"),
    "ballast.kept": ("预留空间已备好", "reserve space kept"),
    "boot.seen": ("设备启动", "machine booted"),
    "camera.gap": ("摄像头中断后恢复", "camera back after a gap"),
    "camera.lost": ("摄像头中断", "camera lost"),
    "camera.unwatched": ("停止录制摄像头", "camera no longer watched"),
    "camera.watched": ("开始录制摄像头", "camera watched from now on"),
    "checkpoint.sent": ("检查点已排队发往总部", "checkpoint queued for HQ"),
    "clock.stepped": ("系统时间被调整", "wall clock stepped"),
    "config.changed": ("配置变更", "configuration changed"),
    "consent.stated": ("同意登记或撤回", "consent given or withdrawn"),
    "contest.decided": ("异议复核结果", "contest decided"),
    "contest.opened": ("对标签提出异议", "finding contested"),
    "hold.added": ("加法律保全", "legal hold added"),
    "hold.lifted": ("解除法律保全", "legal hold lifted"),
    "enrolment.accepted": ("总部证书已启用", "HQ's certificate taken"),
    "enrolment.requested": ("向总部申请证书", "certificate asked of HQ"),
    "hq.generation": ("总部数据库更换", "HQ has another database"),
    "ledger.created": ("账本建立", "ledger created"),
    "lexicon.learned": ("复核确认的说法加入词库", "confirmed saying taken into the lexicon"),
    "lexicon.unlearned": ("词库没有写成，上一条不算", "lexicon could not be written, the last entry is void"),
    "managers.changed": ("申请人名单变更", "set of managers changed"),
    "managers.enrolled": ("登记申请人", "manager enrolled"),
    "media.open": ("恢复接收录音录像", "media accepted again"),
    "media.stopped": ("空间不足，暂停接收", "disk nearly full, media stopped"),
    "object.opened": ("双人放行后打开", "opened with two releases"),
    "opening.ended": ("打开已结束", "opening ended"),
    "opening.refused": ("拒绝一次打开的尝试", "attempt to open refused"),
    "opening.requested": ("申请打开", "opening requested"),
    "opening.viewed": ("查看内容", "content viewed"),
    "plan.used": ("启用陈列图版本", "plan of a bay put in force"),
    "models.changed": ("模型变更", "models changed"),
    "outbox.gap": ("部分数据不再发送，已计数", "rows given up, counted"),
    "outbox.refused": ("总部拒收一行", "row refused by HQ"),
    "outbox.renewed": ("本机曾被恢复，重新编号", "box was restored, numbering begun anew"),
    "outbox.rewound": ("按总部要求重发", "sending again from an earlier row"),
    "outbox.swept": ("清理已送达数据", "delivered rows cleared"),
    "recipients.changed": ("放行人名单变更", "set of officers changed"),
    "recording.analysed": ("已分析", "analysed"),
    "recording.captured": ("收到录音录像", "recording taken in"),
    "recording.closed": ("已封存，本机不能再打开", "closed, this box can no longer open it"),
    "recording.expired": ("密钥已销毁", "keys shredded"),
    "recording.expiring": ("决定销毁", "shredding decided"),
    "recording.parked": ("搁置", "parked"),
    "recording.reanalysed": ("重新分析", "analysed again"),
    "recording.rejected": ("拒收", "rejected"),
    "recording.sealed": ("已加密", "sealed"),
    "recording.unparked": ("继续处理", "goes on"),
    "ruleset.changed": ("规则变更", "rules changed"),
    "subject.erased": ("删除个人记录", "a person's records erased"),
    "subject.exported": ("导出个人记录", "a person's records exported"),
    "tags.withdrawn": ("撤回标签", "tags withdrawn"),
    "event.closed": ("后来的巡检显示已解决", "closed by a later scan"),
    "event.reopened": ("迟到的巡检显示并未解决", "reopened by a late scan"),
    "scans.judged": ("多次巡检的结论", "conclusions over scans"),
    "history.judged": ("跨录音结论", "conclusions over days"),
    "watermark.beyond": ("总部知道本机没有的数据", "HQ knows rows that this box lacks"),
    "watermark.refused": ("拒绝了一条不可信的确认", "false confirmation refused"),
    "witness.refused": ("拒绝了一条不可信的见证", "false cosignature refused"),
    "worker.started": ("工作进程启动", "worker started"),
}
"""What each kind of row means; a kind without words is shown by its name."""

ROWS, HEAD, WITNESSED, KEYS, VERIFIER = "rows.jsonl", "checkpoint.txt", "witnessed.txt", "keys.json", "verify_audit.py"


def listed(settings: Config, *, kind: str = "", since: str = "", about: str = "") -> AuditList:
    """Rows of the log in their order. `kind` may be a family (`recording`), `since` a date or time, `about` an id. BadInput."""
    from edge_agent.ledger import evidence  # noqa: PLC0415 - not for --help

    start = _stamp(since) if since else ""
    with answers.reader(settings) as book:
        found = book.viewing(lambda view: evidence.rows(view, kind=kind, since=start, about=about))
        return AuditList(rows=[_line(row) for row in found], total=book.status().audit_rows)


def verified(settings: Config, *, checkpoints: Path | None = None) -> AuditVerified:
    """Recompute everything, and hold it against what HQ was shown. A broken log is an answer, not an error. BadInput."""
    keys = app.keys(settings)
    brought = None
    with answers.reader(settings) as book:

        def checked(view: "sqlite3.Connection") -> tuple[int, int]:
            from edge_agent.ledger import evidence  # noqa: PLC0415
            from edge_agent.ledger.integrity import verify_chain  # noqa: PLC0415

            length = verify_chain(view, sign=keys.sign)
            held = evidence.witnessed(view, keys.sign, keys.hq_public or b"")
            upto = evidence.compare(view, brought.heads) if brought is not None else 0
            return length, max(upto, 0 if held is None else held.size)

        log, total = book.origin(), book.status().audit_rows
        if checkpoints is not None:
            brought = _brought(checkpoints, log, _public(keys))
        count = 0 if brought is None else len(brought.heads)
        try:
            length, cosigned = book.viewing(checked)
        except LedgerBroken as error:
            return AuditVerified(
                intact=False, log=log, rows=total, cosigned=0, window=total, checkpoints=count, zh=error.zh, en=error.message
            )
    return AuditVerified(
        intact=True, log=log, rows=length, cosigned=cosigned, window=length - cosigned, checkpoints=count,
        hq_key=_texts(_public(keys)).get("hq", ""), others=() if brought is None else tuple(brought.others),
    )  # fmt: skip


def proved(settings: Config, seq: int, output: Path) -> AuditProved:
    """Write one row and the way from it to a checkpoint, HQ's newest where it covers the row. NotFound, LedgerBroken."""
    from edge_agent.vault import handed  # noqa: PLC0415

    keys = app.keys(settings)
    with answers.reader(settings) as book:
        made, done = book.viewing(lambda view: _proof(view, keys, seq))
    with handed.give(output) as file:
        file.write(json.dumps(made, ensure_ascii=False, indent=1).encode() + b"\n")
    return done


def exported(settings: Config, folder: Path) -> AuditExported:
    """Write the whole log, its checkpoints, the public keys and the verifier into a new folder; itself an audit row.

    Raises:
        NotAllowed: something lies there already. LedgerBroken: HQ cosigned another history.
    """
    keys = app.keys(settings)
    with privilege.raised():
        free = not folder.exists() and folder.parent.is_dir()
    if not free:
        raise NotAllowed("the output must be a new folder in one that exists", remedy="choose another", zh="请指定新目录")
    ledger = app.ledger(settings, keys)
    try:
        ledger.noted("audit.exported")
    finally:
        ledger.close()
    with answers.reader(settings) as book:
        content, done = book.viewing(lambda view: _export(view, keys))
    from edge_agent.vault import durable  # noqa: PLC0415
    from edge_sync import verify_audit  # noqa: PLC0415

    with privilege.raised():
        folder.mkdir(mode=0o700)
        for name, text in content.items():
            durable.write(folder / name, text)
        shutil.copyfile(verify_audit.__file__, folder / VERIFIER)
    return done


def _proof(view: "sqlite3.Connection", keys: "DeviceKeys", seq: int) -> tuple[dict[str, Any], AuditProved]:
    from edge_agent.ledger import audit, evidence  # noqa: PLC0415
    from edge_agent.ledger.tree import Tree  # noqa: PLC0415
    from edge_sync import checkpoint, merkle  # noqa: PLC0415

    audit.check_head(view, keys.sign)
    row = audit.row(view, seq)
    if row is None:
        raise NotFound(f"there is no audit row {seq}", remedy="edge-agent audit list", zh="没有这一行审计记录")
    held = evidence.witnessed(view, keys.sign, keys.hq_public or b"")
    head = held if held is not None and held.size >= seq else evidence.head(view, keys.sign)
    public = _public(keys)
    way = Tree(view).inclusion(seq, head.size)
    if not merkle.includes(merkle.leaf_hash(row.leaf), seq - 1, head.size, head.root, way):
        raise audit.broken(seq, "was changed")
    made = {
        "seq": seq, "row": row.leaf.decode(), "proof": [one.hex() for one in way],
        "checkpoint": checkpoint.written(head, public.gateway, hq_key=public.hq), "keys": _texts(public),
    }  # fmt: skip
    return made, AuditProved(seq=seq, size=head.size, cosigned=head is held)


def _export(view: "sqlite3.Connection", keys: "DeviceKeys") -> tuple[dict[str, bytes], AuditExported]:
    from edge_agent.ledger import audit, evidence  # noqa: PLC0415
    from edge_agent.ledger.integrity import verify_chain  # noqa: PLC0415
    from edge_sync import checkpoint  # noqa: PLC0415

    verify_chain(view, sign=keys.sign)  # signs nothing anew that does not stand as it was signed
    public = _public(keys)
    rows = audit.rows(view)
    held = evidence.witnessed(view, keys.sign, keys.hq_public or b"")
    content = {
        ROWS: b"".join(row.leaf + b"\n" for row in rows),
        HEAD: checkpoint.written(evidence.head(view, keys.sign), public.gateway).encode(),
        KEYS: json.dumps(_texts(public)).encode() + b"\n",
    }
    if held is not None:
        content[WITNESSED] = checkpoint.written(held, public.gateway, hq_key=public.hq).encode()
    cosigned = 0 if held is None else held.size
    return content, AuditExported(rows=len(rows), cosigned=cosigned, files=sorted([*content, VERIFIER]))


def _brought(path: Path, log: str, keys: "Keys") -> Any:
    from edge_agent.ledger import evidence  # noqa: PLC0415

    try:
        with privilege.raised():
            opened = path.open("rb")
        with opened as file:
            return evidence.read_checkpoints(iter(lambda: file.readline(evidence.LINE_BYTES + 1), b""), log, keys)
    except (OSError, ValueError) as error:
        raise BadInput("unreadable", "the checkpoints file cannot be read", remedy="check the path and its rights",
                       zh="检查点文件无法读取") from error  # fmt: skip


def _public(keys: "DeviceKeys") -> "Keys":
    from edge_agent.ledger.evidence import Keys  # noqa: PLC0415

    return Keys(gateway=keys.public, hq=keys.hq_public or b"")


def _texts(keys: "Keys") -> dict[str, str]:
    found = {"gateway": keys.gateway, "hq": keys.hq}
    return {name: b64encode(key).decode() for name, key in found.items() if key}


def _line(row: "Row") -> AuditLine:
    zh, en = WORDS.get(row.kind, (row.kind, row.kind))
    return AuditLine(seq=row.seq, at=row.at, boot=row.boot, kind=row.kind, zh=zh, en=en, body=_body(row.body))


def _body(text: str) -> dict[str, Any]:
    """Empty for a body that none of our rows has: `verified` says that it does not fit."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(text: str) -> str:
    from edge_agent.ledger.audit import stamp  # noqa: PLC0415

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "not-a-time", "--since is not a date or a time", remedy="write 2026-11-20 or 2026-11-20T09:30", zh="时间格式不对"
        ) from None
    return stamp(at if at.tzinfo else at.astimezone(UTC))
