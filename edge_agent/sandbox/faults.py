"""Every way foreign media can be wrong: a closed table from a code to what a person is told.

The child sends a code only; the words are ours, so that a hostile file cannot write on anybody's screen.
"""

from dataclasses import dataclass
from typing import Final

from edge_agent.errors import BadInput, EdgeError, Unavailable


@dataclass(frozen=True, slots=True)
class Fault:
    says: str
    remedy: str
    zh: str


FAULTS: Final[dict[str, Fault]] = {
    "empty": Fault(
        "the file is empty or holds not a single sample",
        "deliver it again; check that the recorder wrote anything",
        "文件是空的或没有任何采样：请检查录制设备后重新投递",
    ),
    "too-large": Fault(
        "the file is larger than limits.max_file_bytes",
        "split it, or raise the limit",
        "文件超过大小上限：请分段，或调高 limits.max_file_bytes",
    ),
    "not-media": Fault(
        "no supported audio, video or picture format was recognised",
        "deliver WAV, FLAC, MP3, M4A, OGG/Opus, MP4, MKV, PNG or JPEG",
        "无法识别的文件格式：请使用 WAV、FLAC、MP3、M4A、OGG、MP4、MKV、PNG 或 JPEG",
    ),
    "codec": Fault(
        "the container is known but its codec is not supported",
        "convert it to WAV, FLAC, AAC, Opus or H.264",
        "编码不受支持：请转换为 WAV、FLAC、AAC、Opus 或 H.264",
    ),
    "truncated": Fault(
        "the file ends before its header says it does",
        "deliver the complete file again",
        "文件不完整（被截断，或文件头声称的长度大于实际）：请重新投递完整文件",
    ),
    "no-audio": Fault("the file holds no audio", "deliver the recording of a talk", "文件里没有声音：请投递通话或拜访录音"),
    "no-video": Fault(
        "the file holds no video", "deliver the video of a shelf camera", "文件里没有视频画面：请投递货架摄像头的视频"
    ),
    "no-picture": Fault(
        "the file is not a PNG, JPEG, WebP or BMP picture",
        "convert it to one of these",
        "不是可用的图片：请使用 PNG、JPEG、WebP 或 BMP",
    ),
    "no-key-frames": Fault(
        "the video holds no key frame, so no picture can be decoded",
        "set the camera to send a key frame at least every few seconds",
        "视频没有关键帧：请把摄像头的关键帧间隔设为几秒",
    ),
    "too-long": Fault(
        "the recording is longer than the limit",
        "split it, or raise limits.max_call_hours / max_video_hours",
        "录制时间超过上限：请分段，或调高 limits.max_call_hours / max_video_hours",
    ),
    "too-many-pixels": Fault(
        "the picture has more pixels than limits.max_picture_px", "scale it down", "图片像素超过上限：请缩小后再投递"
    ),
    "too-many-channels": Fault(
        "the recording has more than 8 channels", "keep the channels that carry speech", "声道超过 8 个：请只保留有人说话的声道"
    ),
    "bad-rate": Fault(
        "the sampling rate is not between 4 and 384 kHz", "record at 8 to 48 kHz", "采样率不可用：请用 8–48 kHz 录制"
    ),
    "non-finite": Fault(
        "samples are not numbers (NaN or infinity)",
        "export the recording again as 16-bit PCM",
        "音频数据含非数值（NaN/无穷）：请重新导出为 16 位 PCM",
    ),
    "damaged": Fault("the media data is damaged", "deliver the file again from its source", "媒体数据已损坏：请从源头重新投递"),
    "decode-limit": Fault(
        "decoding needed more memory or processor time than is allowed",
        "convert the file to a plain format at a usual size",
        "解码所需资源超过限制：请转换为常规格式和尺寸",
    ),
    "decode-timeout": Fault(
        "decoding did not go on within the time allowed",
        "convert the file to a plain format",
        "解码超时：请转换为常规格式后再投递",
    ),
    "decoder-died": Fault(
        "the decoder crashed on this file", "convert the file to a plain format", "解码器在此文件上崩溃：请转换为常规格式后再投递"
    ),
    "decoder-misbehaved": Fault(
        "the decoder answered outside its protocol; the file may be an attack",
        "do not deliver it again; tell your administrator",
        "解码器行为异常，文件可能含攻击：请勿再次投递并通知管理员",
    ),
}

NOT_CONFINED: Final = "not-confined"
"""The one code that is about the box, not about the file."""


def fault(code: str, *, trusted: bool = False) -> EdgeError:
    """The error for a code; one that is not in the table is itself misbehaviour. Only a `trusted` child may blame the box."""
    if code == NOT_CONFINED and trusted:
        return Unavailable(
            "this box cannot confine the media decoder (landlock or seccomp is missing), so nothing is decoded",
            remedy="use a kernel with landlock and install libseccomp2, or name what it lacks in EDGE_AGENT_SANDBOX_LACKS",
            zh="本机内核缺少隔离功能（landlock/seccomp），为安全起见不解码任何文件：请联系管理员",
        )
    known = code if code in FAULTS else "decoder-misbehaved"
    return BadInput(known, FAULTS[known].says, remedy=FAULTS[known].remedy, zh=FAULTS[known].zh)
