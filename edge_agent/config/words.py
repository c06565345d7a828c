"""What every key of the configuration means, for the people who set it: Chinese first, then English."""

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "gateway": ("本网关的名称，与证书 CN 一致（a-z 0-9 -）", "name of this gateway, as its certificate says it"),
    "tenant": ("租户（公司）名称", "the company this gateway belongs to"),
    "timezone": (
        "时区，如 Asia/Shanghai；空 = 本机时区",
        "time zone that days are counted in, like Asia/Shanghai; empty = this machine's",
    ),
    "state": (
        "状态目录；空 = root 用 /var/lib/edge-agent，其他用户用 XDG 目录",
        "state directory; empty = /var/lib/edge-agent for root, else XDG",
    ),
    "inbox": (
        "收件目录，应在内存盘或加密盘上；空 = <state>/inbox",
        "where recordings are delivered: tmpfs or an encrypted volume; empty = <state>/inbox",
    ),
    "run": ("套接字与锁文件的目录；空 = <state>/run", "folder of socket and lock; empty = <state>/run"),
    "hot_hours": (
        "分析完成后本机仍可解密的小时数；0 = 立即销毁本机密钥",
        "hours that this box can still open an analysed recording; 0 = not at all",
    ),
    "open_hours": (
        '营业时间，如 "1-5 09:00-21:30"（1 = 周一）；空 = 未知，按营业时间计的事件不判',
        'opening hours, like "1-5 09:00-21:30" (1 = Monday); none = unknown, then nothing is counted in them',
    ),
    "shelf.weights.osa": (
        "完美货架评分中有货率的权重；各项之和为 1",
        "weight of on-shelf availability in the Perfect Shelf score; all sum to 1",
    ),
    "shelf.weights.facings": ("排面合规的权重", "weight of facing compliance"),
    "shelf.weights.planogram": ("陈列合规的权重", "weight of planogram compliance"),
    "shelf.weights.position": ("顺序合规的权重", "weight of position compliance"),
    "shelf.weights.price": ("价格合规的权重", "weight of price compliance"),
    "shelf.weights.tags": ("价签在位的权重", "weight of tag presence"),
    "lexicons": ("企业自有词库目录，覆盖内置词库；空 = 无", "folder of the company's own lexicons; empty = none"),
    "uplink_user": ("上传进程的系统账号；空 = 与工作进程相同", "account of the uplink; empty = the worker's own"),
    "broker.host": ("总部 MQTT 服务器地址", "HQ's MQTT broker"),
    "broker.port": ("端口（TLS 通常为 8883）", "its port, usually 8883 with TLS"),
    "broker.ca": (
        "总部 CA 证书（PEM）；空 = 不加密，仅限本机",
        "HQ's CA certificate (PEM); empty = plain, this machine only",
    ),
    "broker.certificate": ("本网关的客户端证书（PEM）", "this gateway's client certificate (PEM)"),
    "broker.key": ("客户端证书的私钥文件（PEM）", "the file of its private key (PEM)"),
    "consent.jurisdiction": (
        "适用的个人信息规则：cn 或 eu",
        "whose privacy rules decide which consent suffices: cn or eu",
    ),
    "consent.employees": (
        "when-named：附带信息点名的员工须在登记册中；required：未点名员工的通话也不分析",
        "when-named: a rep who is named must be in the register; required: a call that names none is not analysed",
    ),
    "consent.grace_hours": (
        "没有同意记录的录音加密保存多少小时后销毁密钥",
        "hours a recording without consent lies sealed before its keys are shredded",
    ),
    "consent.notice_within_s": (
        "口头告知须在通话开始后多少秒内说出",
        "how soon in the talk the rep must have said that it is recorded",
    ),
    "retention.call_days": ("普通通话保留天数", "days an ordinary call is kept"),
    "retention.shelf_days": ("货架视频保留天数", "days a shelf video is kept"),
    "retention.floor_days": ("卖场视频保留天数", "days a floor video is kept"),
    "retention.channel_days": ("普通渠道触点（聊天、邮件等）保留天数", "days an ordinary touch (chat, e-mail …) is kept"),
    "retention.warning_days": ("含“警告”级发现的通话、触点保留天数", "days a call or touch with a warning is kept"),
    "retention.critical_days": (
        "含“严重”级发现的通话、触点保留天数",
        "days a call or touch with a critical finding is kept",
    ),
    "retention.rejected_days": ("被拒收文件保留天数", "days a rejected file is kept"),
    "retention.events": ("按事件或事件族另定保留天数", "days for findings of one event or family of events"),
    "retention.when_full": (
        "磁盘不足时：due-only 只销毁到期的；early 也提前销毁普通录音",
        "on a full disk: due-only shreds what is due; early also ordinary recordings, next due first",
    ),
    "audit.checkpoint_s": ("有新记录时每隔多少秒向总部发送审计检查点", "seconds between audit checkpoints, when there is news"),
    "audit.checkpoint_rows": ("或每多少条记录发送一次", "or after so many rows"),
    "limits.max_file_bytes": ("单个文件最大字节数", "largest file taken in, bytes"),
    "limits.max_call_hours": ("单次通话最长小时数", "longest call, hours"),
    "limits.max_video_hours": ("单个视频最长小时数", "longest video, hours"),
    "limits.max_picture_px": ("单幅画面最大像素数", "largest picture, pixels"),
    "limits.media_floor_bytes": ("剩余空间低于此值时停止接收新媒体", "below this much free disk no new media is taken in"),
    "limits.tag_floor_bytes": (
        "低于此值时释放预留空间，让标签仍能发出",
        "below this the reserve is freed, so that tags can still leave",
    ),
    "limits.outbox_bytes": ("待发队列上限（字节）", "largest outbox, bytes"),
    "speech.model": ("语音识别模型（models/manifest.toml 中的名称）", "recogniser, a name of models/manifest.toml"),
    "speech.threads": ("识别线程数", "threads of the recogniser"),
    "speech.batch": ("每批识别的片段数", "windows recognised together"),
    "speech.workers": ("同时识别的批数，分用上面的线程", "batches recognised at once, sharing the threads"),
    "speech.memory_bytes": ("识别可用的内存上限（字节）", "memory that recognising may take, bytes"),
    "speech.hints": ("识别时提示本行业术语", "hint the trade's terms at the recogniser"),
    "speech.recovery": ("按读音找回听错的术语", "put misheard terms right by their sound"),
    "speech.filters": ("去掉识别模型凭空编出的话", "keep inventions of the recogniser out"),
    "speech.hearing": ("识别前调整音量和频带", "put level and band right before recognition"),
    "speech.numbers": ("另存一份数字写成阿拉伯数字的文本", "keep each sentence also with numbers in digits"),
    "speech.roles": ("单声道录音按声音区分说话人（不保存声纹）", "tell voices on one channel apart; no voiceprint is kept"),
    "speech.metrics": ("计算通话指标（说话占比、语速等）", "measure the talk: talk ratio, speed and so on"),
    "speech.facts": ("找出金额、日期、数量、电话和证件号码等", "find amounts, dates, quantities, telephone and other numbers"),
    "live.pause_ms": ("停顿多少毫秒算一句话结束", "milliseconds of silence that end an utterance"),
    "live.within_s": (
        "一句话说完后多少秒内给出文字；晚于三倍时限的留到通话后分析",
        "seconds from an utterance's end to its text; three times as late, it is left to the analysis after the call",
    ),
    "shelf.threads": ("货架分析线程数", "threads of the shelf engine"),
    "floor.threads": ("卖场分析线程数", "threads of the floor engine"),
    "floor.plans": ("卖场平面图目录；空 = <state>/floors", "folder of floor plans; empty = <state>/floors"),
    "shelf.bays": ("陈列图目录；空 = <state>/bays", "folder of bay plans; empty = <state>/bays"),
    "insights.mood": (
        "分析客户情绪变化（只看客户的话；从不分析员工）",
        "the customer's mood along the talk; never anything about staff",
    ),
    "insights.claims": (
        "核对销售说的价格、库存、交期等是否属实",
        "hold the rep's claims (price, stock, delivery) against the facts",
    ),
    "insights.facts": ("事实表目录；空 = <state>/facts", "folder of fact tables; empty = <state>/facts"),
    "insights.scorecards": ("每通电话要填的评分卡", "scorecards to fill in for each call"),
    "insights.card": ("填写商机卡（需求、预算、决策人、时间、竞品、下一步）", "fill in the opportunity card"),
    "insights.history": (
        "跨天跨录音判断同一客户、同一销售（如30天内三次投诉、承诺报价未发）；只看附带文件写了编号的人",
        "judge over days what one customer or rep did (three complaints in 30 days …); only where the sidecar names them by code",
    ),
    "channel.accept": (
        "接收渠道触点（聊天、邮件、文件打开、收银、客户系统）",
        "take in touch points: chat, e-mail, documents opened, POS, CRM",
    ),
    "channel.spool": (
        "触点文件（*.touch.json）投递目录；空 = 收件目录",
        "folder that touch documents (*.touch.json) are renamed into; empty = the inbox",
    ),
    "channel.socket": (
        "接收触点的本机套接字；空 = 收件目录下的 .channel.sock",
        "Unix socket that takes touch documents; empty = .channel.sock in the inbox",
    ),
    "channel.peers": ("除本账号外，允许使用该套接字的系统账号", "accounts besides our own that the socket hears"),
    "channel.per_minute": ("每个账号每分钟最多接收的触点数", "documents taken of one account in a minute"),
    "capture.sources": (
        "录音来源，每个一张 [[capture.sources]] 表；无 = 不录音",
        "what is recorded, one table [[capture.sources]] each; none = nothing",
    ),
    "capture.minutes": ("每个录音文件的分钟数", "minutes of each file"),
    "capture.allow_plain": (
        "是否允许未加密的录音暂存到普通磁盘（不建议）",
        "whether plain audio may touch an ordinary disk before it is sealed (not advised)",
    ),
    "capture.sources.name": ("来源名称（a-z 0-9 -）", "name of the source"),
    "capture.sources.device": (
        "声音设备名称的一部分；空 = 系统默认设备",
        "part of the device's name; empty = the default device",
    ),
    "capture.sources.speakers": (
        "每个声道是谁，从左起：rep、customer、unknown",
        "who stands on each channel, left first: rep, customer, unknown",
    ),
    "capture.sources.rep": (
        "在此工作的员工在本店的编号；空 = 不固定",
        "code by which the store knows the employee who works here; empty = nobody in particular",
    ),
    "capture.sources.rate_hz": ("采样率（赫兹）", "sampling rate, hertz"),
    "capture.sources.basis": (
        "同意依据：notice、spoken、written；none = 只加密，不分析",
        "consent: notice, spoken, written; none = sealed and not analysed",
    ),
    "capture.sources.industry": ("行业，如 fmcg、pharmacy", "trade, like fmcg or pharmacy"),
    "capture.sources.channel": ("call（电话）或 visit（当面）", "call or visit"),
    "capture.sources.context": ("场景标记：outbound、recorded、dual_record、b2b", "flags: outbound, recorded, dual_record, b2b"),
    "capture.sources.own": ("本公司品牌", "the company's own brands"),
    "capture.sources.competitors": ("竞品品牌", "competitors' brands"),
    "cameras": (
        "摄像头，每个一张 [[cameras]] 表；由 edge-agent watch 持续录制并加密",
        "cameras, one table [[cameras]] each; edge-agent watch records and seals them without a pause",
    ),
    "cameras.id": ("摄像头编号（a-z 0-9 -）", "name of the camera"),
    "cameras.url": (
        "地址：rtsp://主机/路径 或 /dev/videoN；不得含用户名和密码，须写在地址中间的用 {user}、{password} 代替",
        "rtsp://host/path or /dev/videoN, without user and password; {user} and {password} where they must stand amid it",
    ),
    "cameras.bay": ("所拍货架的编号（bay 与 floor 二选一）", "the shelf bay it shows (a bay or a floor)"),
    "cameras.floor": ("所拍场地平面图的编号", "the floor plan it shows"),
    "cameras.basis": (
        "同意依据：货架 not-personal；场地 notice（已张贴告示并告知员工）或 written；none = 只加密，不分析",
        "consent: not-personal for a shelf; notice (a sign, employees told) or written for a floor; none = sealed, not analysed",
    ),
    "cameras.credentials": (
        "存放“用户:密码”一行的文件路径，或 systemd 凭据名称；空 = 不需要",
        "path of a file with user:password in one line, or the name of a systemd credential; empty = none needed",
    ),
    "cameras.ca": (
        "rtsps:// 摄像头的 CA 证书文件（PEM）；空 = 本机系统信任的证书",
        "PEM file with the certificate that vouches for an rtsps:// camera; empty = those this system trusts",
    ),
    "cameras.segment_s": (
        "每段录像的秒数（在其后第一个关键帧处切开；场地不少于 60）",
        "seconds of each recording, cut at the next key frame; 60 or more for a floor",
    ),
    "cameras.silent_s": (
        "多少秒没有画面即视为中断并重连",
        "seconds without a picture until it counts as lost and is opened again",
    ),
    "cameras.hours": ('录制时段，如 "08:00-22:00"；空 = 全天', 'when it records, like "08:00-22:00"; none = always'),
    "cameras.budget_s": (
        "每小时最多用多少处理器秒分析该摄像头的录像；0 = 不限",
        "processor seconds that its analysis may take in an hour; 0 = no limit",
    ),
    "cameras.waiting": (
        "最多有几段录像等待分析，超出时最早的不分析（计入状态）；0 = 从不丢弃",
        "recordings that may wait for analysis; of more the oldest are dropped unread and counted; 0 = none ever",
    ),
}


def words(key: str) -> tuple[str, str]:
    """Chinese and English; empty for a key that nobody has explained yet."""
    return WORDS.get(key, ("", ""))
