"""Readable tables for a terminal: zh-CN first, English second, no jargon. Nothing here decides anything."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from edge_agent.documents import (
    CameraLine,
    Diagnosis,
    FloorLine,
    MetricsLine,
    Openings,
    Queue,
    SealedLine,
    ShelfLine,
    Status,
    TagLine,
    TextQuality,
    Why,
    WhyNot,
)

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

SPEAKERS = {"rep": "销售 rep", "customer": "客户 customer", "unknown": "未知 unknown"}
SEVERITIES = {
    "info": "提示 info",
    "notice": "注意 notice",
    "warning": "警告 warning",
    "critical": "严重 critical",
}
STATES = {
    "captured": "已收到 captured",
    "sealed": "已加密 sealed",
    "analysed": "已分析 analysed",
    "closed": "已封存 closed",
    "expired": "已销毁 expired",
    "rejected": "已拒收 rejected",
}
SEEN = {
    "expected": "正确 expected",
    "empty": "空位 empty",
    "other": "错放 wrong product",
    "unknown": "未知商品 unknown",
    "not_assessable": "看不清 not assessable",
}
SCORES = {
    "osa": "有货率 OSA",
    "oos": "缺货率 out of stock",
    "facings": "排面合规 facings",
    "planogram": "陈列合规 planogram",
    "position": "顺序合规 position",
    "price": "价格合规 price",
    "tags": "价签在位 tags present",
    "competitor_index": "竞品/本品排面比 competitor index",
    "eye_level": "视线层本品占比 eye level",
    "perfect": "完美货架 Perfect Shelf",
}
SIDES = {"own": "本品 own", "competitor": "竞品 competitor", "unknown": "未定 unknown"}
OPENINGS = {"asked": "待放行 waiting for both officers", "open": "打开中 open", "ended": "已结束 ended"}
ENDS = {"ended": "已结束 ended", "expired": "已到时 its time was over", "lapsed": "未打开即过期 never opened"}
UNKNOWN = "未知 unknown"
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
    "codec": "编码不支持，请设为 H.264 codec not supported: set it to H.264",
    "no-video": "没有视频 no video in it",
    "no-room": "磁盘空间不足 the disk is nearly full",
    "not-confined": "本机内核缺少隔离功能 this kernel lacks a wall",
    "ended": "摄像头结束了连接 it ended the connection",
    "cut": "连接中断 the connection was cut",
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
DRAFT = {
    "noise": "噪声大 noisy",
    "unsure": "识别没有把握 recogniser unsure",
    "clipped": "录音过载失真 clipped",
    "quiet": "录音太轻 too quiet",
    "babble": "背景人声多 background voices",
    "narrow-band": "电话音质 telephone band",
}
STANDINGS = {
    "in-force": "有效 in force",
    "not-yet": "尚未生效 not yet",
    "expired": "已过期 expired",
    "withdrawn": "已撤回 withdrawn",
}
RULES = {
    "grace": "同意宽限期 grace for a consent record",
    "withdrawn": "客户已撤回 withdrawn",
    "rejected": "拒收文件 rejected file",
    "call": "普通录音 call",
    "shelf": "货架视频 shelf video",
    "floor": "卖场视频 floor video",
    "channel": "渠道触点 touch point",
    "warning": "有警告 a warning in it",
    "critical": "有严重发现 a critical finding in it",
}


def waits(parked: str) -> str:
    """Why a recording waits; an error that nobody foresaw has its code alone."""
    return REASONS.get(parked) or (f"程序错误，见日志 program error, see the log: {parked}" if parked else "")


def console(*, stderr: bool = False) -> "Console":
    """A terminal that never wraps a table in a pipe."""
    from rich.console import Console  # noqa: PLC0415 - tables only

    made = Console(stderr=stderr, highlight=False, markup=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, markup=False, width=150)


def clock(ms: int) -> str:
    """Milliseconds as m:ss."""
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


_WHOLE = ("编号 Recording", "录音 Recording")
"""Columns of ids that people copy into the next command: never broken over two lines."""


def table(title: str, *columns: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    return made


METRICS: Final = (
    ("coverage", "说话人已知 Known speakers", "%"),
    ("talk_ratio", "销售说话占比 Talk ratio", "%"),
    ("longest_monologue_s", "销售最长独白 Longest monologue", "s"),
    ("longest_story_s", "客户最长讲述 Longest customer story", "s"),
    ("interactivity_per_min", "每分钟来回 Changes of speaker / min", ""),
    ("patience_s", "等待（中位数）Patience", "s"),
    ("interruptions_by_rep", "销售打断 Interruptions by the rep", ""),
    ("interruptions_by_customer", "客户打断 Interruptions by the customer", ""),
    ("silence_s", "静默（超过5秒的）Silence", "s"),
    ("rep_speed", "销售语速（字/分）Rep, characters / min", ""),
    ("customer_speed", "客户语速（字/分）Customer, characters / min", ""),
    ("rep_open_questions", "开放式提问 Open questions", ""),
    ("rep_closed_questions", "封闭式提问 Closed questions", ""),
)


def metrics(lines: Sequence[MetricsLine]) -> "Table":
    """One column per call; — is what cannot be measured."""
    made = table("通话指标 Talk metrics", "指标 Measure", *(line.recording[-12:] for line in lines))
    for name, title, unit in METRICS:
        made.add_row(title, *(_measured(getattr(line.metrics, name), unit) for line in lines))
    return made


def _measured(value: float | None, unit: str) -> str:
    if value is None:
        return "—"
    return f"{value:.0%}" if unit == "%" else f"{value:.1f} {unit}".strip() if isinstance(value, float) else str(value)


def tags(lines: Sequence[TagLine], names: dict[str, tuple[str, str]]) -> "Table":
    """Findings in order; `names` maps a code to its zh and en name."""
    made = table(
        "行为标签 Behaviour tags",
        "时刻 Time",
        "谁 Who",
        "发现 Finding",
        "代码 Code",
        "程度 Level",
        "把握 Sure",
        "编号 Tag",
    )
    for line in lines:
        zh, en = names.get(line.code, ("", ""))
        status = "" if line.status == "final" else f" ({'待确认' if line.status == 'provisional' else '已撤回'})"
        status += "（已解决 closed）" if line.closed_by else ""
        made.add_row(
            clock(line.start_ms),
            SPEAKERS.get(line.speaker, line.speaker) if line.turn >= 0 else "—",
            f"{zh}{status} {en}",
            line.code,
            SEVERITIES.get(line.severity, line.severity),
            f"{line.confidence:.2f}",
            line.id[-12:],
        )
    return made


def why(answer: Why) -> "Table":
    made = table(f"为什么 Why: {answer.name_zh} {answer.name_en}", "中文", "English")
    for zh, en in zip(answer.zh, answer.en, strict=True):
        made.add_row(zh, en)
    models = " ".join(digest[:12] for digest in answer.models)
    made.add_row(f"规则 {answer.tag.rule} {answer.rule_digest[:12]}", f"ruleset {answer.ruleset[:12]}, models {models}")
    return made


def why_not(answer: WhyNot) -> "Table":
    made = table(f"为什么没有 Why not: {answer.name_zh} {answer.name_en}", "中文", "English")
    for zh, en in zip(answer.zh, answer.en, strict=True):
        made.add_row(zh, en)
    return made


def floor(found: FloorLine) -> "Table":
    """One floor recording by zones; — = too few people, or not known."""
    total = "—" if found.person_s is None else f"{found.person_s / 60:.1f}"
    lines = table(
        f"卖场 Floor {found.floor}: {total} 人·分钟 person-min · 可评估 assessed {100 * found.coverage:.0f}%",
        "区域 Zone", "人·秒 Person-s", "人次 Visits", "平均停留 Stay s", "无人接待/值守 Alone s",
    )  # fmt: skip
    for one in found.zones:
        alone = one.unstaffed_s if one.unattended_s is None else one.unattended_s
        lines.add_row(one.name, *("—" if said is None else f"{said:g}" for said in (one.person_s, one.visits, one.stay_s, alone)))
    return lines


def shelf(score: ShelfLine) -> "Group":
    from rich.console import Group  # noqa: PLC0415

    return Group(_slots(score), _scores(score), *([_brands(score)] if score.brands else []))


def _slots(score: ShelfLine) -> "Table":
    made = table(
        f"货架 Shelf {score.bay}: 有货率 OSA {percent(score.osa)} · 陈列合规 planogram {percent(score.planogram_compliance)} · "
        f"价签合规 price {percent(score.price_compliance)} · 可评估 coverage {percent(score.coverage)}",
        "货位 Slot",
        "看到 Seen",
        "应有 Planned",
        "实际 Found",
        "价签 Tag",
        "标价 Listed",
        "把握 Sure",
    )
    for slot in score.slots:
        made.add_row(
            slot.slot,
            SEEN.get(slot.seen, slot.seen),
            slot.expected,
            slot.sku or "—",
            slot.price or "—",
            slot.listed_price,
            f"{slot.confidence:.2f}",
        )
    return made


def _scores(score: ShelfLine) -> "Table":
    made = table("评分 Scores", "指标 Score", "值 Value", "95% 区间 Interval", "覆盖 Coverage", "n", "权重 Weight")
    weights = {one.name: one.weight for one in score.perfect_parts}
    for line in score.scores:
        number = f"{line.value:.2f}" if line.value is not None and line.name == "competitor_index" else percent(line.value)
        weight = f"{weights[line.name]:.0%}" if line.name in weights else ""
        made.add_row(
            SCORES.get(line.name, line.name), number, _interval(line.low, line.high, line.name), percent(line.coverage),
            str(line.n), weight,
        )  # fmt: skip
    for row in score.rows:
        if row.offset:
            word = "右 right" if row.offset > 0 else "左 left"
            made.add_row(
                f"第 {row.row} 层整体错位 row {row.row} shifted",
                f"{row.shifted} 个 items",
                f"{abs(row.offset)} 格{word}",
                "",
                "",
                "",
            )
    return made


def _interval(low: float | None, high: float | None, name: str) -> str:
    if low is None:
        return "—"
    if name == "competitor_index":
        return f"{low:.2f}–{'∞' if high is None else f'{high:.2f}'}"
    return f"{percent(low)}–{percent(high)}"


def _brands(score: ShelfLine) -> "Table":
    made = table(
        "品牌排面占比 Share of shelf", "品牌 Brand", "归属 Side", "排面 Facings", "占比 SOS", "95% 区间 Interval",
        "长度占比 Linear", "覆盖 Coverage",
    )  # fmt: skip
    for line in score.brands:
        made.add_row(
            line.brand, SIDES[line.side], str(line.facings), percent(line.sos), _interval(line.low, line.high, ""),
            percent(line.linear_sos), percent(line.coverage),
        )  # fmt: skip
    return made


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


def status(now: Status) -> "Table":
    made = table(f"状态 Status: {now.tenant}/{now.gateway}", "项目 Item", "现状 Now")
    made.add_row("工作进程 Worker", "运行中 running" if now.worker_running else "未运行 not running")
    for state, count in sorted(now.recordings.items()):
        made.add_row(f"录音录像 Recordings: {STATES.get(state, state)}", str(count))
    for what, how in queue(now.queue):
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
        made.add_row(f"摄像头 Camera {camera.id} ({camera.shows})", _camera(camera))
    for parked in now.parked:
        made.add_row(f"搁置 Parked {parked.id}", waits(parked.parked))
    return made


def _camera(line: CameraLine) -> str:
    parts = [CAMERA.get(line.state, line.state)]
    if line.state == "lost":
        parts.append(f"自 since {line.since[:19]}：{LOST.get(line.reason, line.reason)}")
    if line.gaps:
        parts.append(f"中断过 {line.gaps} 次，最近 gaps, the last {line.last_gap_from[:19]} – {line.last_gap_to[:19]}")
    parts.append(f"待分析 {line.waiting} waiting")
    if line.dropped:
        parts.append(f"来不及分析而丢弃 {line.dropped} dropped unread")
    return "；".join(parts)


def queue(line: Queue) -> Iterator[tuple[str, str]]:
    """What is analysed and what waits, row by row."""
    busy = line.analysing
    if busy is not None:
        far = UNKNOWN if busy.percent is None else f"{busy.percent} %"
        held = "，实时收听优先，暂停 waits for a live talk" if busy.aside else ""
        yield f"正在分析 Analysing {busy.recording}", f"{far}，自 since {busy.since[:19]}{held}"
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


def quality(found: TextQuality) -> str:
    """How far a text can be relied on, and why, in one line."""
    parts = ["草稿，仅供查找 draft, for finding only" if found.draft else "可用 usable"]
    if found.reasons:
        parts.append("、".join(DRAFT.get(reason, reason) for reason in found.reasons))
    if found.snr_db is not None:
        parts.append(f"信噪比 SNR {found.snr_db:.0f} dB")
    if found.band_hz is not None:
        parts.append(f"频带 band {found.band_hz / 1000:.1f} kHz")
    if found.left_out_ms:
        parts.append(f"略去非人话 left out {found.left_out_ms / 1000:.0f} s")
    return "质量 Quality: " + " · ".join(parts)
