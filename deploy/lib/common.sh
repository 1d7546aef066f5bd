# shellcheck shell=bash
# Shared by deploy/quickstart and deploy/test: installs what is missing, having said so, and finds the tools. Sourced.
# Everything here speaks on standard error, so that standard output stays the caller's own.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export venv=$root/.venv-quickstart
tools=$root/.build/tools

build_packages=(g++ git pkg-config libnghttp2-dev libzstd-dev zlib1g-dev libbrotli-dev libdeflate-dev libsimdjson-dev libexpat1-dev
    libyaml-dev libpq-dev libbpf-dev)
test_packages=(chromium-headless-shell curl fonts-dejavu-core iproute2 nghttp2-client nginx-light nodejs openssl protobuf-compiler
    publicsuffix shellcheck)

say() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

# Installs those of the given Debian packages that are missing. Asks apt for nothing when none is.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} > 0)) || return 0
    command -v apt-get >/dev/null || fail "no apt-get here: install what these Debian packages hold: ${missing[*]}"
    [[ $EUID -eq 0 ]] || command -v sudo >/dev/null || fail "neither root nor sudo: have installed: ${missing[*]}"
    say "installing with apt-get: ${missing[*]}"
    apt_update
    (
        trap let_services_start EXIT
        keep_services_from_starting
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            -o DPkg::Lock::Timeout=300 "${missing[@]}" >&2
    )
}

missing_packages() {
    local installed package
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        grep -qxF "$package installed" <<<"$installed" || printf '%s\n' "$package"
    done
}

apt_updated=no
apt_update() {
    [[ $apt_updated == no ]] || return 0
    as_root apt-get update -q -o DPkg::Lock::Timeout=300 >&2
    apt_updated=yes
}

# Debian starts a service as soon as it is installed, unless this file says no. One that is there already stays.
service_policy=/usr/sbin/policy-rc.d
service_policy_is_ours=no

keep_services_from_starting() {
    [[ ! -e $service_policy ]] || return 0
    service_policy_is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$service_policy" >/dev/null
    as_root chmod 755 "$service_policy"
}

let_services_start() { [[ $service_policy_is_ours == no ]] || as_root rm -f "$service_policy"; }

# PostgreSQL's programs only. Debian would make and start a cluster of the system's own; the aggregator makes a private
# one. So that wish is switched off while the package is installed, and the file put back as it was.
install_postgresql() {
    ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || return 0
    local settings=/etc/postgresql-common/createcluster.conf
    say "PostgreSQL: its programs only, no cluster of the system's own, no service"
    install_packages postgresql-common
    (
        trap 'as_root mv -f "$settings.saved" "$settings"' EXIT
        as_root cp -p "$settings" "$settings.saved"
        as_root sed -i -e '/^create_main_cluster/d' -e '$ a create_main_cluster = false' "$settings"
        install_packages "$(postgresql_package)"
    )
}

postgresql_package() {
    if apt-cache show postgresql-15 >/dev/null 2>&1; then echo postgresql-15; else echo postgresql; fi
}

# promtool checks our metrics.
provide_promtool() { provide_tool prometheus usr/bin/promtool promtool; }

# The real receiver of our alerts. It wants its templates where Debian puts them.
provide_alertmanager() {
    provide_tool prometheus-alertmanager usr/bin/prometheus-alertmanager prometheus-alertmanager \
        usr/share/prometheus/alertmanager
}

# A program, and a folder it needs where there is one, taken out of a Debian package whose installation would enable a service.
provide_tool() {
    local package=$1 path=$2 name=$3 data=${4:-}
    export PATH=$tools:$PATH
    if command -v "$name" >/dev/null && [[ -z $data || -d /$data ]]; then return 0; fi
    say "fetching $name out of Debian's $package package, into ${tools#"$root"/}${data:+ and /$data}"
    apt_update
    (
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        cd "$folder" || exit
        apt-get download -q "$package" >&2
        dpkg-deb -x ./"${package}"_*.deb .
        mkdir -p "$tools"
        mv "$path" "$tools/$name"
        if [[ -n $data ]]; then
            as_root mkdir -p "/$data"
            as_root cp -r "$data/." "/$data/"
        fi
    )
}

# Installs the given requirement files into the virtual environment, each once for each content.
provide_python() {
    mkdir -p "$root/.build"
    (
        flock 9
        local file stamp
        "$venv/bin/python" -c '' 2>/dev/null || make_python
        for file in "$@"; do
            stamp=$venv/.installed-$(sha256sum <"$file" | cut -c1-16)
            [[ ! -e $stamp ]] || continue
            say "installing with pip, into ${venv#"$root"/}: $(grep -v '^#' "$file" | tr '\n' ' ')"
            "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$file" >&2
            touch "$stamp"
        done
    ) 9>"$root/.build/python.lock"
}

make_python() {
    local python
    if ! python=$(suitable_python); then
        install_packages python3-venv
        python=$(suitable_python) || fail "Python 3.10 or newer is needed"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

suitable_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

find_swift() {
    command -v swift >/dev/null || export PATH=$PATH:/opt/swift/usr/bin
    command -v swift >/dev/null || fail "no swift in PATH or /opt/swift/usr/bin: install a Swift 6.3 toolchain"
}
