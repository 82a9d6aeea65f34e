#!/usr/bin/env bash
# Installs the system packages that edgecrack needs. It may be run again: installed packages are left
# alone, and when all are installed it needs neither the network nor root.
# Debian 12, Ubuntu 22.04 and Ubuntu 24.04 use the same package names except for the browser.
set -euo pipefail

readonly GSTREAMER_FLOOR=1.20
readonly TEGRA_RELEASE=${EDGECRACK_TEGRA_RELEASE:-/etc/nv_tegra_release} # the tests have their own

usage() {
    cat <<'HELP'
Usage: setup.sh [--jetson] [--with-tests] [--dry-run | --list] [--help]

Installs with apt what pip cannot: GStreamer and its Python bindings, python3-venv and gpsd.
Does nothing when all of it is installed.

  --jetson      also install what a Jetson computes with, from NVIDIA's own packages: TensorRT's
                Python bindings, the hardware elements of GStreamer, and what builds pycuda;
                elsewhere than on a Jetson only --dry-run tells what that is
  --with-tests  also install what only the tests use: exiftool, faketime, fakeroot, strace, systemd's
                tools, an MQTT broker, and Chromium with its driver
  --dry-run     print what is installed and what would be, and change nothing
  --list        print what is wanted, one package a line, installed or not
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

# Prints L4T's release, such as 36.4, or nothing where this is no Jetson. The first line of its file
# is like: # R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: ...
l4t_release() {
    sed -nE '1s/^# R([0-9]+) \(release\), REVISION: ([0-9]+).*/\1.\2/p' "$TEGRA_RELEASE" 2>/dev/null ||
        true
}

# Prints the version of CUDA that comes with a release of L4T, as NVIDIA's packages write it.
cuda_of() {
    case $1 in
        36.[0-3]) echo 12-2 ;; # JetPack 6.0
        36.*) echo 12-6 ;;     # JetPack 6.1 and 6.2
        38.*) echo 13-0 ;;     # JetPack 7.0 and 7.1
        39.*) echo 13-2 ;;     # JetPack 7.2
        *) fail "a Jetson needs JetPack 6 or 7, which are L4T 36, 38 and 39; this is L4T $1." 78 ;;
    esac
}

# Prints what a Jetson with this version of CUDA needs on top. pycuda has no wheels: it is compiled
# with the compiler, the headers and the stub libraries of CUDA.
wanted_on_jetson() {
    local cuda=$1
    printf '%s\n' python3-libnvinfer nvidia-l4t-{camera,gstreamer,multimedia} \
        g++ python3-dev cuda-{nvcc,cudart-dev,driver-dev,profiler-api}-"$cuda" libcurand-dev-"$cuda"
}

# Prints one package a line.
wanted() {
    local with_tests=$1
    printf '%s\n' \
        gstreamer1.0-plugins-{base,good,bad,ugly} gstreamer1.0-libav \
        python3-gi python3-gst-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-rtsp-server-1.0 \
        python3-venv gpsd libgl1 # libgl1: opencv-python's wheel needs it
    if "$with_tests"; then
        printf '%s\n' libimage-exiftool-perl faketime fakeroot strace systemd mosquitto \
            "$(browser)" "$(browser_driver)"
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

# Says what a Jetson would get, where there is none.
tell_of_jetsons() {
    local l4t
    local -a packages
    for l4t in 36.4 39.2; do
        mapfile -t packages <<<"$(wanted_on_jetson "$(cuda_of $l4t)")"
        echo "setup: on a Jetson with L4T $l4t also: ${packages[*]}"
    done
}

main() {
    local with_tests=false jetson=false dry_run=false list=false package l4t cuda
    local -a packages present=() missing=()
    for argument in "$@"; do
        case $argument in
            --jetson) jetson=true ;;
            --with-tests) with_tests=true ;;
            --dry-run) dry_run=true ;;
            --list) list=true ;;
            --help) usage && exit ;;
            *) usage >&2 && fail "'$argument' is not an option of this script." 2 ;;
        esac
    done
    mapfile -t packages <<<"$(wanted "$with_tests")"
    if "$jetson"; then
        l4t=$(l4t_release)
        if [ -n "$l4t" ]; then
            cuda=$(cuda_of "$l4t")
            mapfile -t -O "${#packages[@]}" packages <<<"$(wanted_on_jetson "$cuda")"
        elif "$dry_run"; then
            tell_of_jetsons
        else
            fail "--jetson is for a Jetson, and $TEGRA_RELEASE, which each has, says of none here; leave it out, or see with --dry-run what it would install." 78
        fi
    fi
    if "$list"; then
        printf '%s\n' "${packages[@]}"
        exit
    fi
    command -v dpkg-query >/dev/null ||
        fail "this script installs with apt, which this system lacks; install the packages by hand."

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
