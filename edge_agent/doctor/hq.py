"""Checks of the way to HQ: certificate, broker, and what waits to be confirmed."""

from typing import Final

from edge_agent.doctor.box import no_ledger
from edge_agent.doctor.facts import Facts
from edge_agent.doctor.finding import Finding, State

_OLD_S: Final = 2 * 3600
_WEEK_S: Final = 7 * 24 * 3600
_RENEW: Final = "edge-agent enrol renew -o request.json, then edge-agent enrol accept what HQ sends"
_RENEW_ZH: Final = "edge-agent enrol renew -o request.json，交总部批准后 edge-agent enrol accept"


def certificate(facts: Facts) -> Finding:
    link = facts.link
    if not link.tls:
        state: State = "warn" if link.hq_key else "unknown"
        return Finding(
            check="certificate",
            state=state,
            zh="尚未入网：没有证书",
            en="not enrolled: there is no certificate",
            remedy_zh="edge-agent enrol request --claim 认领码 -o request.json",
            remedy="edge-agent enrol request --claim CODE -o request.json",
        )
    return _broken_certificate(facts) or _age(facts)


def _broken_certificate(facts: Facts) -> Finding | None:
    link = facts.link
    if link.key_open:
        return Finding(
            check="certificate",
            state="fail",
            zh="证书私钥可被其他账号读取",
            en="others may read the certificate's private key",
            remedy_zh="chmod 600 私钥文件",
            remedy="chmod 600 the key file",
        )
    if link.standing is None:
        return Finding(
            check="certificate",
            state="fail",
            zh="证书文件无法读取",
            en="the certificate cannot be read",
            remedy_zh=_RENEW_ZH,
            remedy=_RENEW,
        )
    if link.trusted is False:
        return Finding(
            check="certificate",
            state="fail",
            zh="证书不是由旁边的 CA 签发",
            en="the certificate is not by the CA beside it",
            remedy_zh="重新入网：edge-agent enrol request",
            remedy="enrol anew: edge-agent enrol request",
        )
    return None


def _age(facts: Facts) -> Finding:
    link = facts.link
    if link.standing == "expired":
        return Finding(
            check="certificate",
            state="fail",
            zh="证书已过期",
            en="the certificate has expired",
            remedy_zh=_RENEW_ZH,
            remedy=_RENEW,
        )
    if link.standing == "due":
        zh, en = f"证书还有 {link.days_left} 天到期", f"the certificate ends in {link.days_left} days"
        return Finding(check="certificate", state="warn", zh=zh, en=en, remedy_zh=_RENEW_ZH, remedy=_RENEW)
    return Finding(
        check="certificate", state="ok", zh=f"证书有效，还有 {link.days_left} 天", en=f"good for {link.days_left} days"
    )


def broker(facts: Facts) -> Finding:
    """Being away is normal here: everything waits in the outbox."""
    link = facts.link
    if not link.hq_key:
        return Finding(
            check="broker",
            state="warn",
            zh="本机还不认识总部",
            en="this box does not know HQ yet",
            remedy_zh="edge-agent enrol request，或 edge-agent init --hq-key",
            remedy="edge-agent enrol request, or edge-agent init --hq-key",
        )
    if link.reached is None:
        return Finding(check="broker", state="unknown", zh="未检查连接", en="the link was not tried")
    if link.reached == "tls":
        return Finding(
            check="broker",
            state="fail",
            zh="能连到总部，但 TLS 验证失败",
            en="HQ's broker answers, but TLS fails",
            remedy_zh="核对时间与证书：edge-agent enrol status",
            remedy="check the clock and the certificate: edge-agent enrol status",
        )
    if link.reached:
        return Finding(
            check="broker",
            state="warn",
            zh=f"连不到总部（{link.reached}）；标签会留在本机等待",
            en=f"HQ's broker is not reached ({link.reached}); tags wait here",
            remedy_zh="检查网线、路由和防火墙",
            remedy="check cable, route and firewall",
        )
    return Finding(check="broker", state="ok", zh="总部可达", en="HQ's broker answers")


def outbox(facts: Facts) -> Finding:
    ledger = facts.ledger
    if ledger is None:
        return no_ledger("outbox", facts)
    if ledger.dead:
        return Finding(
            check="outbox",
            state="warn",
            zh=f"总部拒收了 {ledger.dead} 条",
            en=f"HQ refused {ledger.dead} rows",
            remedy_zh="请总部查看 edge-hq dead-letters",
            remedy="have HQ look at edge-hq dead-letters",
        )
    age = ledger.oldest_pending_s
    if age is not None and age > _OLD_S:
        long = age > _WEEK_S
        return Finding(
            check="outbox",
            state="fail" if long else "warn",
            zh=f"{ledger.pending} 条待总部确认，最久 {age // 3600} 小时",
            en=f"{ledger.pending} rows wait for HQ, the oldest for {age // 3600} h",
            remedy_zh="检查到总部的连接，以及总部的接收进程",
            remedy="check the link to HQ, and HQ's sink",
        )
    return Finding(check="outbox", state="ok", zh=f"{ledger.pending} 条待总部确认", en=f"{ledger.pending} rows wait for HQ")
