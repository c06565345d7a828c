"""Checks of the devices: microphones that are configured, and cameras that are there."""

from typing import Final

from edge_agent.doctor.facts import Facts
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
    """Today's videos come as files; a camera here is only said to be there."""
    if facts.cameras is None:
        return Finding(check="cameras", state="unknown", zh="无法得知摄像头", en="whether there are cameras is unknown")
    return Finding(check="cameras", state="ok", zh=f"本机有 {facts.cameras} 个摄像头", en=f"{facts.cameras} here")
