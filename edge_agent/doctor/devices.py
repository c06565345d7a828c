"""Checks of the devices: microphones and cameras that are configured, or that are there."""

from typing import Final

from edge_agent.doctor.facts import Facts, Watched
from edge_agent.doctor.finding import Finding

_SILENT_S: Final = 60


def microphones(facts: Facts) -> Finding:
    """Configured microphones; without any, what could be configured."""
    sound = facts.sound
    if not sound.sources:
        count = "?" if sound.devices is None else str(sound.devices)
        return Finding(
            check="microphones",
            state="ok",
            zh=f"未配置录音来源（有 {count} 个声音设备）",
            en=f"none configured ({count} sound devices here)",
        )
    if sound.devices is None:
        return Finding(
            check="microphones",
            state="fail",
            zh="声音库 PortAudio 不可用，无法录音",
            en="the sound library PortAudio cannot be used: nothing is recorded",
            remedy_zh="安装 Debian 软件包 libportaudio2（在 Debian 安装介质上）",
            remedy="install Debian's libportaudio2 (it is on Debian's installation medium)",
        )
    away = [one.name for one in sound.sources if one.present is False]
    if away:
        words = ", ".join(away)
        return Finding(
            check="microphones",
            state="fail",
            zh=f"找不到设备：{words}",
            en=f"the device is not there: {words}",
            remedy_zh="插上设备；edge-agent config explain capture.sources.device",
            remedy="plug it in; edge-agent config explain capture.sources.device",
        )
    if sound.health_age_s is None or sound.health_age_s > _SILENT_S:
        return Finding(
            check="microphones",
            state="fail",
            zh="录音进程未运行",
            en="the recorder does not run",
            remedy_zh="systemctl enable --now edge-agent-capture",
            remedy="systemctl enable --now edge-agent-capture",
        )
    losses = sum(one.losses for one in sound.sources)
    if losses or not all(one.recording for one in sound.sources):
        return Finding(
            check="microphones",
            state="warn",
            zh=f"录音有中断或丢失（{losses} 次）",
            en=f"recording was interrupted or lost samples ({losses} times)",
            remedy_zh="检查接线与负载；journalctl -u edge-agent-capture",
            remedy="check cable and load; journalctl -u edge-agent-capture",
        )
    return Finding(check="microphones", state="ok", zh=f"{len(sound.sources)} 个来源录音中", en=f"{len(sound.sources)} record")


def cameras(facts: Facts) -> Finding:
    """Configured cameras; without any, what could be configured."""
    if facts.watched:
        return _watched(facts.watched)
    if facts.cameras is None:
        return Finding(check="cameras", state="unknown", zh="无法得知摄像头", en="whether there are cameras is unknown")
    return Finding(check="cameras", state="ok", zh=f"本机有 {facts.cameras} 个摄像头", en=f"{facts.cameras} here")


def _watched(cameras: tuple[Watched, ...]) -> Finding:
    off = [one.name for one in cameras if one.state == "off"]
    lost = [one.name for one in cameras if one.state == "lost"]
    dropped = sum(one.dropped for one in cameras)
    if off:
        return Finding(
            check="cameras",
            state="fail",
            zh="摄像头录制进程未运行",
            en="nobody watches the cameras",
            remedy_zh="systemctl enable --now edge-agent-watch",
            remedy="systemctl enable --now edge-agent-watch",
        )
    if lost:
        words = ", ".join(lost)
        return Finding(
            check="cameras",
            state="fail",
            zh=f"摄像头中断：{words}",
            en=f"lost: {words}",
            remedy_zh="检查摄像头与网线；edge-agent status 写明原因",
            remedy="check the camera and its cable; edge-agent status says why",
        )
    if dropped:
        return Finding(
            check="cameras",
            state="warn",
            zh=f"来不及分析，丢弃了 {dropped} 段录像",
            en=f"{dropped} recordings were dropped unread: the box is behind",
            remedy_zh="缩短 cameras.hours、加长 cameras.segment_s，或减少摄像头",
            remedy="shorten cameras.hours, lengthen cameras.segment_s, or watch fewer cameras",
        )
    in_clear = ", ".join(one.name for one in cameras if one.in_clear)
    if in_clear:
        return Finding(
            check="cameras",
            state="warn",
            zh=f"摄像头密码以明文传输：{in_clear}",
            en=f"the password goes over the network in the clear: {in_clear}",
            remedy_zh="改用 rtsps:// 地址并填写 cameras.ca，或将摄像头放在单独的网段",
            remedy="reach it as rtsps:// with cameras.ca, or keep the cameras in a network of their own",
        )
    return Finding(check="cameras", state="ok", zh=f"{len(cameras)} 个摄像头录制中", en=f"{len(cameras)} watched")


def analysed(facts: Facts) -> Finding:
    """Whether what the cameras record is analysed at all."""
    basis = [one.name for one in facts.watched if one.idle == "basis"]
    plan = [one.name for one in facts.watched if one.idle == "plan"]
    if not basis and not plan:
        return Finding(check="camera-plans", state="ok", zh="没有只录不分析的摄像头", en="no camera is recorded in vain")
    names = ", ".join([*basis, *plan])
    why = (
        (basis, "配置 cameras.basis（现为 none）", "set cameras.basis (it is none)"),
        (plan, "建立并启用陈列图（shelf calibrate）或平面图（floor.toml）", "put a bay's plan or a floor.toml in force"),
    )
    return Finding(
        check="camera-plans",
        state="warn",
        zh=f"只录制，从不分析：{names}",
        en=f"recorded, never analysed: {names}",
        remedy_zh="；".join(f"{', '.join(of)}：{zh}" for of, zh, _ in why if of),
        remedy="; ".join(f"{', '.join(of)}: {en}" for of, _, en in why if of),
    )
