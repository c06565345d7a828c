"""Checks of the computer: clock, disk, swap, core dumps, and whether foreign media can be confined."""

from typing import Final

from edge_agent.capture.storage import Storage
from edge_agent.doctor.facts import Facts
from edge_agent.doctor.finding import Finding

_BACK_S: Final = 300
_GIB: Final = 2**30


def clock(facts: Facts) -> Finding:
    """A clock behind what was already written down is wrong; one that nobody sets may become so."""
    machine = facts.machine
    if machine.latest is not None and (machine.latest - machine.now).total_seconds() > _BACK_S:
        return Finding(
            check="clock",
            state="fail",
            zh="系统时间早于本机已有的记录",
            en="the clock is behind records that this box already holds",
            remedy_zh="设置正确时间：timedatectl set-time '年-月-日 时:分'，或接通时间服务器",
            remedy="set it: timedatectl set-time 'YYYY-MM-DD HH:MM', or connect a time server",
        )
    if machine.synchronised is None:
        return Finding(
            check="clock", state="unknown", zh="无法得知时间是否同步", en="whether the clock is synchronised is unknown"
        )
    if not machine.synchronised:
        return Finding(
            check="clock",
            state="warn",
            zh="时间未与任何服务器同步",
            en="no time server sets this clock",
            remedy_zh="如有门店时间服务器，写入 /etc/systemd/timesyncd.conf；没有也能工作，总部会看到时钟状态",
            remedy="name the store's time server in /etc/systemd/timesyncd.conf; without one it works, and HQ sees the state",
        )
    return Finding(check="clock", state="ok", zh="时间已同步", en="the clock is synchronised")


def disk(facts: Facts) -> Finding:
    """The two floors of `limits`, and the reserve that lets tags drain from a full disk."""
    machine = facts.machine
    if machine.free_bytes is None:
        return Finding(check="disk", state="unknown", zh="无法读取剩余空间", en="free space cannot be read")
    free = f"{machine.free_bytes / _GIB:.1f} GiB"
    remedy_zh = "删除其他文件、缩短保留期（retention）或换更大的盘"
    remedy = "remove other files, keep for shorter (retention), or put in a larger disk"
    if machine.free_bytes < machine.tag_floor_bytes:
        zh, en = f"磁盘将满（剩 {free}），预留空间已动用", f"the disk is almost full ({free} left) and the reserve is in use"
        return Finding(check="disk", state="fail", zh=zh, en=en, remedy_zh=remedy_zh, remedy=remedy)
    if machine.free_bytes < machine.media_floor_bytes:
        zh, en = f"空间不足（剩 {free}），已暂停接收新媒体", f"{free} left: no new media is taken in"
        return Finding(check="disk", state="fail", zh=zh, en=en, remedy_zh=remedy_zh, remedy=remedy)
    if machine.ballast is False and facts.initialised:
        return Finding(
            check="disk",
            state="warn",
            zh=f"剩 {free}，但预留空间尚未建立",
            en=f"{free} left, but the reserve is not laid in",
            remedy_zh="工作进程运行后会自动建立",
            remedy="a running worker lays it in by itself",
        )
    return Finding(check="disk", state="ok", zh=f"剩余 {free}", en=f"{free} free")


def swap(facts: Facts) -> Finding:
    """Speech in memory must not reach a plain disk. Units forbid it for themselves; delivered files may still be swapped."""
    devices = facts.machine.swap
    if devices is None:
        return Finding(check="swap", state="unknown", zh="无法读取交换区设置", en="swap cannot be read")
    if facts.machine.worker_swapped_bytes:
        return Finding(
            check="swap",
            state="fail",
            zh="工作进程的内存已被换出到磁盘",
            en="memory of the worker has been swapped out",
            remedy_zh="用随附的服务单元运行（MemorySwapMax=0），并关闭交换区：swapoff -a",
            remedy="run it by its unit (MemorySwapMax=0), and turn swap off: swapoff -a",
        )
    if any(one.storage in {Storage.PLAIN, Storage.UNKNOWN} for one in devices):
        return Finding(
            check="swap",
            state="fail" if facts.inbox.storage is Storage.MEMORY else "warn",
            zh="交换区在未加密的磁盘上：内存中的录音可能落盘",
            en="swap lies on a plain disk: recordings in memory may reach it",
            remedy_zh="关闭：swapoff -a 并删除 /etc/fstab 中的 swap 行；或改用加密交换区、zram",
            remedy="turn it off: swapoff -a and remove its line from /etc/fstab; or encrypt it, or use zram",
        )
    if devices:
        return Finding(check="swap", state="ok", zh="交换区在内存或加密盘上", en="swap is in memory or encrypted")
    return Finding(check="swap", state="ok", zh="没有交换区", en="there is no swap")


def core_dumps(facts: Facts) -> Finding:
    """The worker forbids its own dumps at its start; its limit shows whether it did."""
    limit = facts.machine.worker_core_bytes
    if limit is None:
        return Finding(
            check="core-dumps",
            state="unknown",
            zh="工作进程未运行，无法查看；它启动时会自行禁止",
            en="no worker runs to be looked at; it forbids them at its start",
        )
    if limit:
        return Finding(
            check="core-dumps",
            state="fail",
            zh="工作进程崩溃时会留下内存转储",
            en="a crash of the worker would leave its memory on disk",
            remedy_zh="用随附的服务单元运行（LimitCORE=0）",
            remedy="run it by its unit (LimitCORE=0)",
        )
    return Finding(check="core-dumps", state="ok", zh="不会留下内存转储", en="no core dumps are left")


def confinement(facts: Facts) -> Finding:
    """Without both walls foreign media is refused, so nothing can be analysed."""
    walls = {"seccomp": facts.machine.seccomp, "landlock": facts.machine.landlock}
    missing = [name for name, there in walls.items() if there is False]
    if missing:
        words = ", ".join(missing)
        return Finding(
            check="confinement",
            state="fail",
            zh=f"内核缺少 {words}，外来媒体无法安全解码",
            en=f"the kernel lacks {words}: foreign media is refused",
            remedy_zh="启动参数加入 lsm=landlock,… 或换用 Debian 12 自带内核",
            remedy="boot with lsm=landlock,… or use Debian 12's own kernel",
        )
    if None in walls.values():
        return Finding(
            check="confinement", state="unknown", zh="无法得知内核的隔离能力", en="what the kernel can confine is unknown"
        )
    return Finding(check="confinement", state="ok", zh="外来媒体可被隔离解码", en="foreign media can be confined")
