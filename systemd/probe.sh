#!/bin/sh
# 从服务内部检查隔离是否成立：  sh probe.sh worker|uplink|capture
# Runs `edge-agent doctor --from ROLE` under the very settings of that service's unit, and prints what it found as JSON.
set -eu
role=${1:-}
case "$role" in worker | uplink | capture) ;; *) echo "usage: sh probe.sh worker|uplink|capture" >&2; exit 2 ;; esac
unit=edge-agent-$role.service
probe=edge-agent-probe-$role.service
file=/run/systemd/system/$probe
told=/run/$probe.json

source=$(systemctl show --property=FragmentPath --value "$unit")
[ -r "$source" ] || { echo "$unit is not installed" >&2; exit 1; }
trap 'rm -f "$file" "$told"; systemctl daemon-reload' EXIT
mkdir -p /run/systemd/system
# Everything that confines stays; only what it runs, and that it runs once, is another.
sed -e "s|^ExecStart=\\(.*\\) run $role\$|ExecStart=\\1 doctor --from $role --json|" \
    -e 's/^Type=.*/Type=oneshot/' \
    -e "s|^UMask=|StandardOutput=truncate:$told\\nUMask=|" \
    -e '/^\(ExecStartPre\|ExecStopPost\|Watchdog[A-Za-z]*\|NotifyAccess\|Restart[A-Za-z]*\|PartOf\|ConditionPathExists\|WantedBy\)=/d' \
    "$source" > "$file"
systemctl daemon-reload
code=0
systemctl start "$probe" || code=$?
cat "$told"
exit "$code"
