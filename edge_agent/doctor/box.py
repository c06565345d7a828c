"""Checks of the box itself: keys, models, inbox, processes, recordings, audit log, register."""

from typing import Final

from edge_agent.capture.storage import Storage
from edge_agent.doctor.facts import Facts
from edge_agent.doctor.finding import Finding, State

_WAITING_MANY: Final = 50
_OTHERS: Final = 0o007
_VOICES: Final = "pip download --no-deps -d DIR resemblyzer==0.1.4 && edge-agent models install ge2e-voices --from-dir DIR"
RESTART: Final = "systemctl restart edge-agent.target"


def keys(facts: Facts) -> Finding:
    if not facts.initialised:
        return Finding(
            check="keys",
            state="fail",
            zh="本机尚未初始化",
            en="this box has no keys yet",
            remedy_zh="edge-agent init --legal AGE1… --hr AGE1…",
            remedy="edge-agent init --legal AGE1… --hr AGE1…",
        )
    if facts.keys_open:
        names = " ".join(facts.keys_open)
        return Finding(
            check="keys",
            state="fail",
            zh=f"密钥文件权限过宽：{names}",
            en=f"others may read these keys: {names}",
            remedy_zh="chmod 600 这些文件",
            remedy="chmod 600 them",
        )
    return Finding(check="keys", state="ok", zh="密钥齐全，仅本机账号可读", en="keys are here, and nobody else may read them")


def models(facts: Facts) -> Finding:
    bad = [f"{name} ({state})" for name, state in facts.models if state != "ok"]
    if bad:
        words = ", ".join(bad)
        return Finding(
            check="models",
            state="fail",
            zh=f"模型缺失或损坏：{words}",
            en=f"models missing or damaged: {words}",
            remedy_zh="edge-agent models install（或 --from-dir U盘目录）",
            remedy="edge-agent models install (or --from-dir STICK)",
        )
    if not facts.models:
        return Finding(check="models", state="unknown", zh="无法检查模型", en="models could not be checked")
    return Finding(check="models", state="ok", zh="模型齐全且校验通过", en="all models are here and match their digests")


def voices(facts: Facts) -> Finding:
    if facts.voices == "off":
        return Finding(
            check="voices", state="ok", zh="未启用单声道说话人区分", en="voices on one channel are not told apart: switched off"
        )
    if facts.voices != "ok":
        return Finding(
            check="voices",
            state="warn",
            zh="区分说话人的模型未安装或损坏：单声道录音的说话人一律记为未知",
            en="the model that tells voices apart is missing or damaged: on one channel everybody is unknown",
            remedy_zh=_VOICES.replace("DIR", "目录"),
            remedy=_VOICES,
        )
    return Finding(check="voices", state="ok", zh="单声道录音可按声音区分说话人", en="voices on one channel can be told apart")


def inbox(facts: Facts) -> Finding:
    found = facts.inbox
    if not found.exists:
        return Finding(
            check="inbox",
            state="fail",
            zh="收件目录不存在",
            en="there is no inbox",
            remedy_zh="systemctl start 'run-edge\\x2dagent-inbox.mount'，或运行 edge-agent init",
            remedy="systemctl start 'run-edge\\x2dagent-inbox.mount', or edge-agent init",
        )
    if found.mode & _OTHERS:
        return Finding(
            check="inbox",
            state="fail",
            zh="收件目录对所有账号开放",
            en="the inbox is open to every account",
            remedy_zh="chmod o-rwx 收件目录",
            remedy="chmod o-rwx the inbox",
        )
    if found.storage in {Storage.PLAIN, Storage.UNKNOWN}:
        state: State = "warn" if found.allow_plain or found.storage is Storage.UNKNOWN else "fail"
        plain = found.storage is Storage.PLAIN
        return Finding(
            check="inbox",
            state=state,
            zh="收件目录在未加密的磁盘上：录音会留下痕迹" if plain else "无法得知收件目录所在存储",
            en="the inbox lies on a plain disk: recordings leave traces" if plain else "what the inbox lies on is unknown",
            remedy_zh="把 inbox 设到内存盘（/run/edge-agent/inbox）或加密盘",
            remedy="set `inbox` to tmpfs (/run/edge-agent/inbox) or an encrypted volume",
        )
    if found.late:
        return Finding(
            check="inbox",
            state="warn",
            zh=f"{found.late} 个文件缺少说明文件",
            en=f"{found.late} file(s) lie there without a sidecar",
            remedy_zh="补上 NAME.meta.toml 或移走文件",
            remedy="add NAME.meta.toml or take them away",
        )
    if found.touches:
        return Finding(
            check="inbox",
            state="warn",
            zh=f"{found.touches} 个触点文件未被收入（有误，或工作进程未运行）",
            en=f"{found.touches} touch document(s) are not taken in: they have mistakes, or no worker runs",
            remedy_zh="edge-agent channel check 文件；改正或移走",
            remedy="edge-agent channel check FILE; correct them or take them away",
        )
    where = "内存" if found.storage is Storage.MEMORY else "加密盘"
    return Finding(check="inbox", state="ok", zh=f"收件目录在{where}上", en=f"the inbox is {found.storage.value}")


def processes(facts: Facts) -> Finding:
    stopped = [name for name, runs in (("worker", facts.worker_running), ("uplink", facts.uplink_running)) if runs is False]
    if "uplink" in stopped and not facts.link.hq_key:
        stopped.remove("uplink")  # nobody to talk to yet; the broker's check says so
    if stopped and facts.initialised:
        words = ", ".join(stopped)
        return Finding(
            check="processes",
            state="fail",
            zh=f"未运行：{words}",
            en=f"not running: {words}",
            remedy_zh=f"{RESTART}；原因见 journalctl -u edge-agent-{stopped[0]}",
            remedy=f"{RESTART}; journalctl -u edge-agent-{stopped[0]} says why",
        )
    if stopped:
        return Finding(check="processes", state="warn", zh="初始化之后才会启动", en="they start after `edge-agent init`")
    if facts.worker_running is None:
        return Finding(check="processes", state="unknown", zh="无法得知进程状态", en="whether they run is unknown")
    return Finding(check="processes", state="ok", zh="进程运行中", en="they run")


def recordings(facts: Facts) -> Finding:
    """Work that piles up, or waits for a person."""
    ledger = facts.ledger
    if ledger is None:
        return no_ledger("recordings", facts)
    if ledger.waiting > _WAITING_MANY:
        return Finding(
            check="recordings",
            state="warn",
            zh=f"{ledger.waiting} 条录音等待处理",
            en=f"{ledger.waiting} recordings wait",
            remedy_zh="处理速度跟不上：减少来源，或换更快的机器、更小的模型",
            remedy="it does not keep up: fewer sources, a faster machine, or a smaller model",
        )
    if ledger.parked:
        return Finding(
            check="recordings",
            state="warn",
            zh=f"{ledger.parked} 条录音被搁置",
            en=f"{ledger.parked} recordings are parked",
            remedy_zh="edge-agent status 查看原因；edge-agent retry 重试",
            remedy="edge-agent status says why; edge-agent retry tries again",
        )
    return Finding(check="recordings", state="ok", zh=f"{ledger.waiting} 条等待处理", en=f"{ledger.waiting} wait")


def audit(facts: Facts) -> Finding:
    if facts.ledger is None:
        return no_ledger("audit", facts)
    if not facts.ledger.intact:
        return Finding(
            check="audit",
            state="fail",
            zh="审计记录校验不通过：可能被改动",
            en="the audit log does not verify: it may have been changed",
            remedy_zh="不要删除任何文件；edge-agent audit verify，并联系合规负责人",
            remedy="delete nothing; edge-agent audit verify, and call the compliance officer",
        )
    return Finding(check="audit", state="ok", zh="审计记录完整", en="the audit log verifies")


def register(facts: Facts) -> Finding:
    if facts.employees is None:
        return no_ledger("register", facts)
    if not facts.employees:
        needed = facts.employees_required
        return Finding(
            check="register",
            state="fail" if needed else "warn",
            zh="员工登记册为空：" + ("任何通话都不会被分析" if needed else "点名员工的录音不会被分析"),
            en="the employee register is empty: " + ("no call is analysed" if needed else "calls naming a rep are not analysed"),
            remedy_zh="edge-agent consent employee add 工号 …",
            remedy="edge-agent consent employee add CODE …",
        )
    return Finding(check="register", state="ok", zh=f"登记册中有 {facts.employees} 人", en=f"{facts.employees} in the register")


def no_ledger(check: str, facts: Facts) -> Finding:
    if facts.initialised:
        return Finding(
            check=check,
            state="fail",
            zh="账本无法读取",
            en="the ledger cannot be read",
            remedy_zh=f"{RESTART}；仍不行则检查磁盘",
            remedy=f"{RESTART}; if that does not help, check the disk",
        )
    return Finding(check=check, state="unknown", zh="初始化之后才有", en="nothing before `edge-agent init`")
