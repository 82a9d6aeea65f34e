#!/usr/bin/env bash
# Installs the system packages that edgecrack needs. It may be run again: installed packages are left
# alone, and when all are installed it needs neither the network nor root.
# Debian 12, Ubuntu 22.04 and Ubuntu 24.04 use the same package names except for the browser.
set -euo pipefail

readonly GSTREAMER_FLOOR=1.20

usage() {
    cat <<'HELP'
Usage: setup.sh [--with-tests] [--dry-run] [--help]

Installs with apt what pip cannot: GStreamer and its Python bindings, python3-venv and gpsd.
Does nothing when all of it is installed.

  --with-tests  also install what only the tests use: exiftool, strace, and Chromium with its driver
  --dry-run     print what is installed and what would be, and change nothing
  --help        print this text
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
        python3-venv gpsd libgl1 # libgl1: opencv-python's wheel needs it
    if "$with_tests"; then
        printf '%s\n' libimage-exiftool-perl strace "$(browser)" "$(browser_driver)"
    fi
}

# Ubuntu's chromium-browser installs the snap; a package named chromium exists only in Debian.
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

# Fails early, with a message that says more than sudo's own.
check_rights() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null ||
        fail "installing $1 needs root, and there is no sudo here; run this as root."
    [ -t 0 ] || sudo --non-interactive true 2>/dev/null ||
        fail "installing $1 needs root, and sudo has no terminal to ask for a password; run this as root or at a terminal."
}

# apt never prompts; sudo may, at a terminal.
apt() {
    local -a command=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet "$@")
    if [ "$(id -u)" -eq 0 ]; then "${command[@]}"; else sudo "${command[@]}"; fi
}

check_gstreamer() {
    local version
    version=$(dpkg-query --show --showformat='${Version}' gstreamer1.0-plugins-base)
    dpkg --compare-versions "$version" ge "$GSTREAMER_FLOOR" ||
        fail "GStreamer $GSTREAMER_FLOOR or newer is needed, not $version; use Debian 12, Ubuntu 22.04 or newer."
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
    apt update || echo "setup: some package lists could not be updated; going on with the old ones." >&2
    apt install --yes --no-install-recommends "${missing[@]}"
    check_gstreamer
    echo "setup: done."
}

main "$@"
