#!/bin/sh
# Runs `make test demo` of this tree in another Debian (default: trixie, with QGIS 3.40, Python
# 3.13, NumPy 2, GDAL 3.10). The root is made once by debootstrap, in the user's cache folder, and
# kept. The tree goes in as a copy and the test data read-only, so nothing in there can change the
# checkout. All mounts live in a mount namespace of their own: they vanish with the last process,
# also after a crash or a kill.
#
#   scripts/matrix.sh [suite] [target ...]        e.g.  scripts/matrix.sh bookworm test
set -eu
repo=$(cd "$(dirname "$0")/.." && pwd)
suite=${1:-trixie}
[ $# -gt 0 ] && shift
targets=${*:-test demo}
cache=${DGO_MATRIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dgo-twin}
realdata=${DGO_REALDATA:-$repo/../shared/realdata}

if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        # shellcheck disable=SC2086
        exec sudo -n env "DGO_MATRIX_CACHE=$cache" "DGO_REALDATA=$realdata" "CI=${CI:-}" \
            "$0" "$suite" $targets
    fi
    echo "A second Debian needs root for its mounts: run 'make matrix' as root or with sudo." >&2
    exit 1
fi

if [ -z "${DGO_MATRIX_INSIDE:-}" ]; then
    "$repo/scripts/install-deps.sh" matrix
    mkdir -p "$cache"
    DGO_MATRIX_INSIDE=1
    DGO_MATRIX_CACHE=$cache
    DGO_REALDATA=$realdata
    export DGO_MATRIX_INSIDE DGO_MATRIX_CACHE DGO_REALDATA
    # One run at a time on one root; the lock is dropped by the kernel whatever happens to us.
    # shellcheck disable=SC2086
    exec flock --timeout 3600 "$cache/$suite.lock" \
        unshare --mount --propagation private "$0" "$suite" $targets
fi

root=$cache/$suite

# --- the root ------------------------------------------------------------------------------
if [ ! -e "$root/usr/bin/make" ]; then
    rm -rf --one-file-system "$root" "$root.part"
    echo "Making a root of $suite in $root (once)"
    # No mirror is named: debootstrap's own default, which this machine can reach as apt does.
    if ! debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$root.part" \
        >"$cache/$suite.log" 2>&1; then
        tail -n 20 "$cache/$suite.log" "$root.part/debootstrap/debootstrap.log" >&2 || true
        exit 1
    fi
    printf '#!/bin/sh\nexit 101\n' >"$root.part/usr/sbin/policy-rc.d" # start no service in there
    chmod 755 "$root.part/usr/sbin/policy-rc.d"
    mv "$root.part" "$root"
fi

mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"

# The network as the host has it: names, and apt's proxy and transport settings. They are taken
# along for this run only and are not kept in the root.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
host_apt=$root/etc/apt/apt.conf.d/90host
trap 'rm -f "$host_apt"' EXIT INT TERM
(umask 077 && apt-config dump 2>/dev/null |
    grep -E '^Acquire::(http|https|Check-|Retries)[^ ]* "[^"]+";' >"$host_apt") || true

# --- the tree and the data -----------------------------------------------------------------
tree=$root/srv/dgo
rm -rf --one-file-system "$tree"
mkdir -p "$tree" "$root/srv/realdata"
tar -C "$repo" --exclude=./build --exclude=./dist --exclude=./.git --exclude=__pycache__ -cf - . |
    tar -C "$tree" --no-same-owner -xf -
inside_data=/srv/none
if [ -d "$realdata" ]; then
    mount --bind "$realdata" "$root/srv/realdata"
    mount -o remount,bind,ro "$root/srv/realdata"
    inside_data=/srv/realdata
else
    echo "No test data at DGO_REALDATA: the tests that read it will skip, and say so."
fi

# --- the run -------------------------------------------------------------------------------
echo "== $suite: make $targets"
status=0
# shellcheck disable=SC2086
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb CI="${CI:-}" \
    DGO_REALDATA="$inside_data" \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    ${no_proxy:+no_proxy="$no_proxy"} \
    chroot "$root" make -C /srv/dgo $targets </dev/null || status=$?
echo "== $suite: make $targets ended with $status"
exit $status
