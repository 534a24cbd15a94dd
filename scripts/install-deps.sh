#!/bin/sh
# Installs the packages of scripts/packages.txt for the groups named (run test lint matrix), where
# they are missing. Asks nothing: works as root or by `sudo -n`, else says what to run by hand.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v dpkg-query >/dev/null 2>&1; then
    if /usr/bin/python3 -c 'import qgis.core, yaml, numpy, osgeo' 2>/dev/null; then
        exit 0 # not a Debian, but all that the plugin needs is there
    fi
    echo "This is no Debian or Ubuntu: install QGIS with its Python (and PyYAML, NumPy, GDAL)," >&2
    echo "pytest, hypothesis and SciPy with your own package manager." >&2
    exit 1
fi

missing=
for group in "$@"; do
    for package in $(awk -v g="$group" '$1 !~ /^#/ && $2 == g {print $1}' "$here/packages.txt"); do
        state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
        case $state in
        ii*) ;;
        *) missing="$missing $package" ;;
        esac
    done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "These packages are missing, and only root may install them. Please run:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "Installing:$missing"
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600"
# The package lists may be old or absent: try again with fresh ones before giving up.
# shellcheck disable=SC2086  # words are meant to split
$apt update </dev/null
attempt=1
# shellcheck disable=SC2086
until $apt install --no-install-recommends -o Acquire::Retries=3 $missing </dev/null; do
    attempt=$((attempt + 1))
    if [ "$attempt" -gt 3 ]; then
        echo "apt-get could not install:$missing" >&2
        exit 1
    fi
    sleep 5
    $apt update </dev/null
done
