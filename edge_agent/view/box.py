"""How the box is: what waits, cameras, health, what lies sealed, requests to open."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from edge_agent.documents import (
    CameraLine,
    Diagnosis,
    Openings,
    Queue,
    SealedLine,
    Status,
)
from edge_agent.view.base import UNKNOWN, moment, table

if TYPE_CHECKING:
    from rich.table import Table

STATES = {
    "captured": "已收到 captured",
    "sealed": "已加密 sealed",
    "analysed": "已分析 analysed",
    "closed": "已封存 closed",
    "expired": "已销毁 expired",
    "rejected": "已拒收 rejected",
    "refused": "已拒收 refused",
    "parked": "搁置 parked",
    "queued": "已交给工作进程 queued",
}
CONTENTS = {
    "call": "录音 call",
    "shelf": "货架视频 shelf video",
    "floor": "卖场视频 floor video",
    "channel": "渠道触点 touch point",
    "transcript": "文字稿 transcript",
    "picture": "证据图 picture",
}
REASONS = {
    "no-consent": "没有同意记录，不分析 no consent record",
    "no-notice": "录音中没有听到告知 no notice heard in it",
    "no-agreement": "录音中没有听到客户同意 no agreement heard in it",
    "recording-refused": "客户拒绝录音 the customer refused",
    "basis-insufficient": "该依据在此不足 that basis does not suffice here",
    "no-employee-consent": "员工未登记、已撤回或已过期 employee not in the register, withdrawn or expired",
    "employee-unnamed": "未写明员工 no employee named",
    "withdrawn": "客户已撤回 the customer has withdrawn",
    "empty": "文件是空的 empty file",
    "dropped": "等待分析的录像过多，最早的未分析 too many of its camera waited",
    "duplicate": "重复文件 same content again",
    "other-content": "该编号已用于内容不同的触点 other content came under the same id",
    "touch": "触点文件有误 the touch document has mistakes",
    "bad-input": "内容无法使用 its content cannot be used",
    "bad-config": "配置或陈列图有错 an error in the configuration or a bay's plan",
    "missing-asset": "缺少模型或文件损坏 a model is missing or damaged",
    "seal-broken": "密封损坏 its seal does not verify",
    "not-allowed": "此步不允许 this step is not allowed",
    "not-found": "缺少所需文件，如陈列图 something is missing, such as the bay's plan",
    "refused": "被拒绝 refused",
    "unavailable": "暂时不可用 not available for the moment",
    "edge-error": "内部错误，见日志 internal error, see the log",
    "ledger-broken": "账本损坏 the ledger is damaged",
    "memory-error": "内存不足 out of memory",
    "notice-not-yet-heard": "告知须在录音中听到，通话中不转写 the notice must be heard in it first",
    "unnamed": "原因见日志 see the log",
    "ended-the-worker": "多次使工作进程中止 it ended the worker several times",
}
OPENINGS = {"asked": "待放行 waiting for both officers", "open": "打开中 open", "ended": "已结束 ended"}


ENDS = {"ended": "已结束 ended", "expired": "已到时 its time was over", "lapsed": "未打开即过期 never opened"}


HEALTH = {"ok": "正常 ok", "warn": "注意 warn", "fail": "失败 FAIL", "unknown": "未知 unknown"}


CAMERA = {
    "recording": "录制中 recording",
    "starting": "正在连接 connecting",
    "lost": "中断，自动重连 LOST, tried again and again",
    "closed": "未到录制时段 outside its hours",
    "off": "未运行 nobody watches: edge-agent watch",
}


LOST = {
    "silent": "没有画面 sends nothing",
    "frozen": "画面静止不动，请重启摄像头 the same picture for ever: restart the camera",
    "unreachable": "网络不通 cannot be reached",
    "refused": "摄像头拒绝连接 it refuses the connection",
    "not-found": "找不到该设备或该路径 no such device or path",
    "forbidden": "不允许访问；检查服务的 IPAddressAllow not allowed: see IPAddressAllow of the unit",
    "unauthorised": "用户名或密码不对 wrong user or password",
    "no-credentials": "凭据文件无法使用 the credentials file cannot be used",
    "no-ca": "没有可用的 CA 证书文件，请填写 cameras.ca no file of certificates vouches for it: see cameras.ca",
    "codec": "编码不支持，请设为 H.264 codec not supported: set it to H.264",
    "no-video": "没有视频 no video in it",
    "no-room": "磁盘空间不足 the disk is nearly full",
    "not-confined": "本机内核缺少隔离功能 this kernel lacks a wall",
    "ended": "摄像头结束了连接 it ended the connection",
    "cut": "连接中断 the connection was cut",
}


def openings(found: Openings) -> "Table":
    made = table(
        "申请与打开 Requests and openings",
        "申请 Request",
        "对象 Object",
        "申请人 Requester",
        "状态 State",
        "法务 LEGAL",
        "人事 HR",
        "打开于 Opened",
        "截止 Until",
        "查看 Views",
    )
    for line in found.openings:
        made.add_row(
            line.request,
            line.object,
            "本机 box" if line.requester == "box" else line.requester,
            ENDS.get(line.ended, OPENINGS.get(line.state, line.state)),
            line.legal or "—",
            line.hr or "—",
            line.opened_at or "—",
            line.until or line.expires_at,
            f"{line.views}，含密钥 key {line.key_views}" if line.key_views else str(line.views),
        )
    return made


def status(now: Status, zone: tzinfo | None = None) -> "Table":
    """Times in the store's `zone`; None = this machine's."""
    made = table(f"状态 Status: {now.tenant}/{now.gateway}", "项目 Item", "现状 Now")
    made.add_row("工作进程 Worker", "运行中 running" if now.worker_running else "未运行 not running")
    for state, count in sorted(now.recordings.items()):
        made.add_row(f"录音录像 Recordings: {STATES.get(state, state)}", str(count))
    for what, how in queue(now.queue, zone):
        made.add_row(what, how)
    if now.touches:
        made.add_row("投递目录中的触点 Touch documents in the spool", str(now.touches))
    hot = f"{now.hot}" + (f"，最久 {now.oldest_hot_s} 秒 oldest {now.oldest_hot_s} s" if now.oldest_hot_s is not None else "")
    made.add_row("本机仍可解密 Still readable by this box", hot)
    made.add_row("待总部确认 Waiting for HQ", f"{now.outbox_pending} ({now.committed}/{now.outbox_highest})")
    made.add_row("总部拒收 Refused by HQ", str(now.dead_letters))
    made.add_row("审计记录 Audit log", f"{now.audit_rows} {'完整 intact' if now.audit_ok else '不完整 BROKEN'}")
    room = "" if now.takes_media else "：空间不足，暂停接收 disk nearly full, no new media"
    made.add_row("剩余空间 Free disk", f"{now.disk_free_bytes / 2**30:.1f} GiB{room}")
    for camera in now.cameras:
        made.add_row(f"摄像头 Camera {camera.id} ({camera.shows})", _camera(camera, zone))
    for parked in now.parked:
        made.add_row(f"搁置 Parked {parked.id}", waits(parked.parked))
    return made


def _camera(line: CameraLine, zone: tzinfo | None) -> str:
    parts = [CAMERA.get(line.state, line.state)]
    if line.state == "lost":
        parts.append(f"自 since {moment(line.since, zone)}：{LOST.get(line.reason, line.reason)}")
    if line.gaps:
        parts.append(
            f"中断过 {line.gaps} 次，最近 gaps, the last {moment(line.last_gap_from, zone)} – {moment(line.last_gap_to, zone)}"
        )
    parts.append(f"待分析 {line.waiting} waiting")
    if line.dropped:
        parts.append(f"来不及分析而丢弃 {line.dropped} dropped unread")
    return "；".join(parts)


def queue(line: Queue, zone: tzinfo | None = None) -> Iterator[tuple[str, str]]:
    """What is analysed and what waits, row by row."""
    busy = line.analysing
    if busy is not None:
        far = UNKNOWN if busy.percent is None else f"{busy.percent} %"
        held = "，实时收听优先，暂停 waits for a live talk" if busy.aside else ""
        yield f"正在分析 Analysing {busy.recording}", f"{far}，自 since {moment(busy.since, zone)}{held}"
    sound = "" if not line.audio_s else f"，录音约 {_minutes(line.audio_s)} of sound"
    yield "等待分析 Waiting", f"新 fresh {line.fresh}，积压 backlog {line.backlog}{sound}"
    if busy is not None or line.fresh or line.backlog:
        speed = UNKNOWN if line.speed is None else f"{line.speed:.1f} ×"
        yield "预计还需 Done in about", f"{_minutes(line.eta_s)}（速度 speed {speed}）"


def _minutes(seconds: int | None) -> str:
    return UNKNOWN if seconds is None else f"{-(-seconds // 60)} 分钟 min"


def doctor(found: Diagnosis) -> "Table":
    """What is wrong first, then what is fine."""
    order = ("fail", "warn", "unknown", "ok")
    made = table("自检 Doctor", "结果 State", "项目 Check", "现状 Finding", "怎么办 What to do")
    for one in sorted(found.checks, key=lambda line: order.index(line.state)):
        remedy = "\n".join(dict.fromkeys(text for text in (one.remedy_zh, one.remedy) if text))
        made.add_row(HEALTH[one.state], one.check, f"{one.zh}\n{one.en}", remedy)
    return made


def sealed(objects: Sequence[SealedLine]) -> "Table":
    made = table(
        "留在本机（已加密） Sealed, stays here", "对象 Object", "内容 What", "字节 Bytes", "本机可解密 Readable by this box"
    )
    for one in objects:
        made.add_row(one.object, CONTENTS.get(one.kind, one.kind), f"{one.bytes:,}", "是 yes" if one.hot else "否 no")
    return made


def waits(parked: str) -> str:
    """Why a recording waits; an error that nobody foresaw has its code alone."""
    return REASONS.get(parked) or (f"程序错误，见日志 program error, see the log: {parked}" if parked else "")
