#!/bin/sh
# 离线安装或升级 edge-agent：  sh install.sh [--key 公钥] [--legal AGE1… --hr AGE1…] [--gateway 名称 --tenant 名称]
# Installs or upgrades edge-agent from the folder it lies in (a USB stick). Nothing is fetched: pip gets --no-index.
#
#   --key BASE64     public key that signed this bundle; remembered, so that an upgrade signed by another one is refused
#   --unsigned       install a bundle that nobody signed (checksums are still verified); not where a key is remembered
#   --gateway NAME --tenant NAME        written into a new configuration, never into an existing one
#   --legal AGE1… --hr AGE1… [--hq-key BASE64]    make this box's keys at once (each of the first two may be repeated)
#   --no-start       leave the services as they are
#   --rollback       go back to the release before this one; no bundle is needed
#
# Run again at any time: every step looks first. Releases lie in /opt/edge-agent/releases, `current` names the one in use and
# `previous` the one before; both are kept, older ones are removed.
set -eu
umask 022

opt=/opt/edge-agent
etc=/etc/edge-agent
units=/etc/systemd/system

say() { printf '== %s\n   %s\n' "$1" "$2"; }
die() { printf '安装中止：%s\ninstall stopped: %s\n' "$1" "$2" >&2; exit 1; }

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
self=$here/$(basename -- "$0")
[ -f "$here/SHA256SUMS" ] || here=$(dirname -- "$here")
# Where we were called may be anybody's folder (a download, the stick): Python runs isolated, and nothing is looked up there.
cd /
key="" unsigned="" gateway="" tenant="" hq_key="" start=yes rollback=""
officers=""
recipient() {
    case "$2" in
        age1*[!a-z0-9]*) die "收件人公钥格式不对" "that is not an age recipient" ;;
        age1?*) officers="$officers $1 $2" ;;
        *) die "收件人公钥格式不对" "that is not an age recipient" ;;
    esac
}
word() {
    case "$1" in "" | *[!a-z0-9-]*) die "名称只能用 a-z 0-9 -" "a name is made of a-z, 0-9 and -" ;; esac
}
while [ $# -gt 0 ]; do
    case "$1" in
        --unsigned) unsigned=yes ;;
        --no-start) start="" ;;
        --rollback) rollback=yes ;;
        --key | --gateway | --tenant | --hq-key | --legal | --hr)
            [ $# -ge 2 ] || die "$1 缺少取值" "$1 needs a value"
            case "$1" in
                --key) key=$2 ;;
                --gateway) word "$2" && gateway=$2 ;;
                --tenant) word "$2" && tenant=$2 ;;
                --hq-key) hq_key=$2 ;;
                --legal | --hr) recipient "$1" "$2" ;;
            esac
            shift ;;
        -h | --help) sed -n '2,16s/^# \{0,1\}//p' "$self"; exit 0 ;;
        *) die "未知选项 $1" "unknown option $1; see --help" ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || die "请用 root 运行" "run it as root: sudo sh install.sh"

booted() { [ -d /run/systemd/system ]; }

# Makes `$1` the release in use: its units, then the link every unit points through, in one rename.
activate() {
    share="$1/share/edge-agent/systemd"
    install -d -m 0755 /etc/sysusers.d /etc/tmpfiles.d "$units"
    install -m 0644 "$share/sysusers.d/edge-agent.conf" /etc/sysusers.d/
    install -m 0644 "$share/tmpfiles.d/edge-agent.conf" /etc/tmpfiles.d/
    for unit in "$share"/*.service "$share"/*.target "$share"/*.slice; do
        install -m 0644 "$unit" "$units/"
    done
    # Its own name has a backslash, which a stick's file system does not take.
    install -m 0644 "$share/inbox.mount" "$units/run-edge\\x2dagent-inbox.mount"
    ln -sfn "$1" "$opt/.next"
    mv -T "$opt/.next" "$opt/current"
    install -m 0755 "$share/install.sh" "$opt/install.sh"
    for tool in edge-agent edge-officer edge-hq; do ln -sfn "$opt/current/bin/$tool" "/usr/local/bin/$tool"; done
    systemd-sysusers /etc/sysusers.d/edge-agent.conf
    systemd-tmpfiles --create /etc/tmpfiles.d/edge-agent.conf
    if booted; then systemctl daemon-reload; fi
}

run_services() {
    [ -n "$start" ] || return 0
    if ! booted; then
        say "本系统未由 systemd 启动，未启动服务" "systemd is not running here: nothing was started"
        systemctl enable --quiet edge-agent.target edge-agent-worker.service edge-agent-uplink.service \
            'run-edge\x2dagent-inbox.mount'
        return 0
    fi
    say "启动服务" "starting the services"
    systemctl enable --quiet edge-agent.target edge-agent-worker.service edge-agent-uplink.service 'run-edge\x2dagent-inbox.mount'
    if grep -q '^ *\[\[capture\.sources\]\]' "$etc/config.toml"; then
        systemctl enable --quiet edge-agent-capture.service
    fi
    if grep -q '^ *\[\[cameras\]\]' "$etc/config.toml"; then
        systemctl enable --quiet edge-agent-watch.service
    fi
    systemctl restart edge-agent.target
}

check_up() {
    say "自检" "looking over this box"
    "$opt/current/bin/edge-agent" doctor || say "自检有未通过的项目，请按提示处理" "doctor names what is left to do"
}

if [ -n "$rollback" ]; then
    [ -L "$opt/previous" ] || die "没有可回退的版本" "there is no release to go back to"
    old=$(readlink "$opt/previous")
    now=$(readlink "$opt/current")
    [ -x "$old/bin/edge-agent" ] || die "上一版本不完整" "the release before is not complete"
    # An older release cannot read a ledger that a newer one has migrated, and the ledger itself never goes back: HQ would see it.
    has=$(python3 -I -c 'import sqlite3
try:
    print(sqlite3.connect("file:/var/lib/edge-agent/ledger/ledger.db?mode=ro", uri=True).execute("PRAGMA user_version").fetchone()[0])
except sqlite3.Error:
    print(0)')
    reads=$("$old/bin/python" -I -c 'from edge_agent.ledger.schema import VERSION; print(VERSION)')
    [ "$reads" -ge "$has" ] || die "账本已由新版本升级，旧版本无法读取，不能回退" \
        "the ledger was migrated by the newer release and the older one cannot read it: going back is not possible"
    say "回退到上一版本" "going back to $(basename "$old")"
    activate "$old"
    ln -sfn "$now" "$opt/previous"
    run_services
    check_up
    exit 0
fi

# --- the bundle, before anything of it runs -------------------------------------------------------------------------------
for file in SHA256SUMS bundle.toml wheels systemd; do
    [ -e "$here/$file" ] || die "安装包不完整：缺少 $file" "the bundle is not complete: $file is missing"
done
python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || die "需要 Python 3.11" "Python 3.11 or newer is needed"
python3 -I -c 'import ensurepip, venv' 2>/dev/null || die "需要系统包 python3-venv" "Debian's python3-venv is needed; it is on the installation medium"
say "校验安装包" "verifying the bundle"
[ -z "$unsigned" ] || [ -z "$key" ] || die "--key 与 --unsigned 不能同时使用" "--key and --unsigned exclude each other"
if [ -n "$unsigned" ] && [ -f "$etc/bundle.pub" ]; then
    die "本机只接受已签名的安装包" "this box takes signed bundles only; remove $etc/bundle.pub if an unsigned one is meant"
fi
[ -n "$key" ] || [ ! -f "$etc/bundle.pub" ] || key=$(cat "$etc/bundle.pub")
if [ -f "$etc/bundle.pub" ] && [ "$key" != "$(cat "$etc/bundle.pub")" ]; then
    die "公钥与本机首次安装时的不同" "this box takes bundles of another key; remove $etc/bundle.pub if that is meant"
fi
python3 -I "$here/systemd/check_bundle.py" "$here" ${key:+--key "$key"} ${unsigned:+--unsigned} || exit 1

value() { sed -n "s/^$1 *= *\"\\([^\"]*\\)\".*/\\1/p" "$here/bundle.toml" | head -n 1; }
version=$(value version)
case "$version" in "" | *[!A-Za-z0-9.+_-]*) die "bundle.toml 中没有版本号" "bundle.toml names no version" ;; esac
for fits in "machine $(uname -m)" "python $(python3 -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; do
    made_for=$(value "${fits% *}")
    case "$made_for" in "" | "${fits#* }") ;; *) die "安装包适用于 $made_for，本机是 ${fits#* }" "the bundle is for $made_for, this is ${fits#* }" ;; esac
done
release="$opt/releases/$version-$(sha256sum "$here/SHA256SUMS" | cut -c 1-8)"

# --- the release ----------------------------------------------------------------------------------------------------------
if [ -f "$release/.complete" ]; then
    say "此版本已安装" "this release is here already"
else
    say "安装程序（不联网）" "installing $version from wheels, offline"
    rm -rf "$release"
    install -d -m 0755 "$opt" "$opt/releases"
    python3 -I -m venv "$release"
    PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 "$release/bin/python" -I -m pip install --quiet --disable-pip-version-check \
        --no-cache-dir --no-index --find-links "$here/wheels" --require-hashes -r "$here/wheels/requirements.txt" \
        || die "安装程序失败" "pip could not install from the bundle"
    install -d -m 0755 "$release/share/edge-agent"
    cp -R "$here/systemd" "$release/share/edge-agent/systemd"
    [ ! -d "$here/licences" ] || cp -R "$here/licences" "$release/share/edge-agent/licences"
    chmod -R u=rwX,go=rX "$release/share"
    sync -f "$release"
    : > "$release/.complete"
    sync -f "$release"
fi

say "用户、目录与服务文件" "accounts, folders and units"
before=$(readlink "$opt/current" 2>/dev/null || true)
activate "$release"
if [ -n "$before" ] && [ "$before" != "$release" ]; then ln -sfn "$before" "$opt/previous"; fi
install -d -m 0755 "$etc"
[ -z "$key" ] || printf '%s\n' "$key" > "$etc/bundle.pub"
if [ ! -f "$etc/config.toml" ]; then
    sed -e "s/^gateway = .*/gateway = \"${gateway:-gateway-1}\"/" -e "s/^tenant = .*/tenant = \"${tenant:-demo}\"/" \
        "$release/share/edge-agent/systemd/config.toml" > "$etc/.config.new"
    chmod 0644 "$etc/.config.new"
    mv "$etc/.config.new" "$etc/config.toml"
fi
"$opt/current/bin/edge-agent" config check || die "配置有误，已停在启动之前" "the configuration has errors; nothing was started"

say "安装模型" "putting the models in place"
for model in "$here"/models/*/; do
    [ ! -d "$model" ] || "$opt/current/bin/edge-agent" models install "$(basename "$model")" --from-dir "$here/models"
done
"$opt/current/bin/edge-agent" models install

if [ -f /var/lib/edge-agent/keys/recipients.toml ]; then
    say "本机已初始化" "this box has its keys"
elif [ -n "$officers" ]; then
    say "初始化本机" "making this box's keys"
    # shellcheck disable=SC2086 # words of our own, checked above
    "$opt/current/bin/edge-agent" init $officers ${hq_key:+--hq-key "$hq_key"}
else
    say "尚未初始化：edge-agent init --legal … --hr …" "not initialised yet: edge-agent init --legal … --hr …, then systemctl restart edge-agent.target"
fi

run_services
check_up

# The one in use and the one before stay.
for old in "$opt"/releases/*; do
    [ "$old" = "$release" ] || [ "$old" = "$(readlink "$opt/previous" 2>/dev/null || true)" ] || rm -rf "$old"
done
say "安装完成" "done: $(basename "$release")"
