#!/usr/bin/env bash
# Installs the system packages edgecrack stands on. Run it as often as you like: what is there is
# left alone, and when all is there it needs neither the network nor root.
# Debian 12, Ubuntu 22.04 and Ubuntu 24.04 use the same package names but for the browser.
set -euo pipefail

readonly GSTREAMER_FLOOR=1.20

usage() {
    cat <<'HELP'
Usage: setup.sh [--with-tests] [--dry-run] [--help]

Installs with apt what no Python wheel brings: GStreamer and its Python bindings, python3-venv
and gpsd. Does nothing when all of it is there.

  --with-tests  also what only the tests use: exiftool, and Chromium with its driver to look at the pages
  --dry-run     say what is there and what would be installed, and change nothing
  --help        this text
HELP
}

fail() {
    echo "setup: $1" >&2
    exit "${2:-70}"
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints one package a line.
wanted() {
    local with_tests=$1
    printf '%s\n' \
        gstreamer1.0-plugins-{base,good,bad,ugly} gstreamer1.0-libav \
        python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0 \
        python3-venv gpsd libgl1 # libgl1: what opencv-python's wheel leaves to the system
    if "$with_tests"; then
        printf '%s\n' libimage-exiftool-perl "$(browser)" "$(browser_driver)"
    fi
}

# Ubuntu's chromium-browser is a door to the snap; a package named chromium exists only in Debian.
browser() {
    if grep -qs '^ID=ubuntu' /etc/os-release; then
        echo chromium-browser
    else
        echo chromium
    fi
}

browser_driver() {
    if [ "$(browser)" = chromium ]; then
        echo chromium-driver
    else
        echo chromium-chromedriver
    fi
}

# Says now, in a sentence, what sudo would say later in fewer words.
check_rights() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null ||
        fail "installing $1 needs root, and there is no sudo here; run this as root."
    [ -t 0 ] || sudo --non-interactive true 2>/dev/null ||
        fail "installing $1 needs root, and sudo has no terminal to ask for a password; run this as root or at a terminal."
}

# apt never asks; sudo may, at a terminal.
apt() {
    local -a command=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet "$@")
    if [ "$(id -u)" -eq 0 ]; then "${command[@]}"; else sudo "${command[@]}"; fi
}

check_gstreamer() {
    local found
    found=$(dpkg-query --show --showformat='${Version}' gstreamer1.0-plugins-base)
    dpkg --compare-versions "$found" ge "$GSTREAMER_FLOOR" ||
        fail "GStreamer $GSTREAMER_FLOOR or newer is needed, not $found; use Debian 12, Ubuntu 22.04 or newer."
}

main() {
    local with_tests=false dry_run=false package
    local -a packages present=() missing=()
    for argument in "$@"; do
        case $argument in
            --with-tests) with_tests=true ;;
            --dry-run) dry_run=true ;;
            --help) usage && exit ;;
            *) usage >&2 && fail "'$argument' is not an option of this script." 2 ;;
        esac
    done
    command -v dpkg-query >/dev/null ||
        fail "this script installs with apt, which this system lacks; install the packages by hand."

    mapfile -t packages <<<"$(wanted "$with_tests")"
    for package in "${packages[@]}"; do
        if is_installed "$package"; then present+=("$package"); else missing+=("$package"); fi
    done
    [ ${#present[@]} -eq 0 ] || echo "setup: already here: ${present[*]}"
    if [ ${#missing[@]} -eq 0 ]; then
        check_gstreamer
        echo "setup: nothing to install."
        exit
    fi
    if "$dry_run"; then
        echo "setup: would install: ${missing[*]}"
        exit
    fi
    check_rights "${missing[*]}"
    echo "setup: installing: ${missing[*]}"
    apt update || echo "setup: some package lists are out of reach; trying with what is known." >&2
    apt install --yes --no-install-recommends "${missing[@]}"
    check_gstreamer
    echo "setup: done."
}

main "$@"
