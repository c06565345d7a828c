"""`edge-agent doctor`: what is wrong with this box, and what to do about it.

`facts` is what can be known, `gather` asks the machine for it (`kernel`, `uplink`); `machine`, `box`, `hq` and `devices` judge
it, one pure function for each check; `walls` looks at a service's confinement from inside. Unknown is a value: what could not
be found out is said, never guessed.
"""

from edge_agent.config import Config
from edge_agent.doctor import box, devices, hq, machine
from edge_agent.doctor.facts import Facts
from edge_agent.doctor.finding import Check, Finding
from edge_agent.documents import Diagnosis, DoctorLine

CHECKS: tuple[Check, ...] = (
    machine.clock, machine.disk, machine.swap, machine.core_dumps, machine.confinement,
    box.keys, box.models, box.voices, box.inbox, box.processes, box.recordings, box.audit, box.register,
    hq.certificate, hq.broker, hq.outbox, devices.microphones, devices.cameras, devices.analysed,
)  # fmt: skip
"""In the order in which they are told: the machine, the box, the way to HQ, the devices."""


def examine(facts: Facts) -> list[Finding]:
    return [check(facts) for check in CHECKS]


def diagnose(settings: Config) -> Diagnosis:
    """Ask this machine everything and judge it; never raises for something that is wrong with the box."""
    from edge_agent.doctor.gather import gather  # noqa: PLC0415 - the judging needs no library

    found = examine(gather(settings))
    return Diagnosis(
        ok=not any(one.state == "fail" for one in found),
        checks=[
            DoctorLine(check=one.check, state=one.state, zh=one.zh, en=one.en, remedy_zh=one.remedy_zh, remedy=one.remedy)
            for one in found
        ],
    )
