#!/usr/bin/env bash
# Makes a Debian package of edgecrack as a service: the program with all its Python packages in
# /opt/edgecrack, which dpkg then owns file by file, its unit for systemd, and /etc/edgecrack/unit.toml.
# A package fits the processor and the Python of the machine that made it: make it on one Jetson for
# all with the same JetPack. Where it is installed it needs no network but for Debian's own packages.
set -euo pipefail

usage() {
    cat <<'HELP'
Usage: deb.sh [--out DIR] [--extra NAME] [--help]

Makes edgecrack_VERSION_ARCH.deb, for machines like this one.

  --out DIR     where the package goes, in place of an earlier one; default: build
  --extra NAME  also take in what an extra of edgecrack brings: tensorrt or openvino
  --help        print this text

PYTHON names the interpreter with pip and setuptools that makes it; default: .venv/bin/python.
HELP
}

fail() {
    echo "deb: $1" >&2
    exit "${2:-70}"
}

# Builds the wheel of this checkout where nothing that was built earlier can get into it.
build_wheel() {
    local source=$work/source
    mkdir "$source"
    cp -r "$checkout"/{edgecrack,training,export,deploy,configs,pyproject.toml,README.md,LICENSE} "$source"
    "${pip[@]}" wheel --no-deps --no-build-isolation --wheel-dir "$work" "$source"
}

install_python_packages() {
    local wheel=$1 site=$2
    # pycuda is compiled; nvcc is not in the path of a Jetson.
    [ ! -d /usr/local/cuda ] || export CUDA_ROOT=/usr/local/cuda PATH=/usr/local/cuda/bin:$PATH
    "${pip[@]}" install --target "$site" --no-compile --constraint "$checkout/constraints.txt" \
        "$wheel${extra:+[$extra]}"
    rm -rf "${site:?}/bin" # they would start the Python that runs here
}

# Makes what `python3 -m venv /opt/edgecrack` would, and the two commands of a unit.
make_environment() {
    local home=$1 module
    mkdir -p "$home/bin"
    printf '%s\n' 'home = /usr/bin' 'include-system-site-packages = false' "version = $python" \
        >"$home/pyvenv.cfg"
    ln -s "/usr/bin/python$python" "$home/bin/python"
    for module in edgecrack deploy; do
        local script=$home/bin/edgecrack
        [ "$module" = edgecrack ] || script+="-$module"
        printf '%s\n' '#!/opt/edgecrack/bin/python' "from $module.__main__ import main" '' 'main()' \
            >"$script"
        chmod 755 "$script"
        mkdir -p "$root/usr/bin"
        ln -s "/opt/edgecrack/bin/${script##*/}" "$root/usr/bin/${script##*/}"
    done
}

install_service() {
    install -D --mode 644 "$deploy/systemd/edgecrack.service" -t "$root/usr/lib/systemd/system"
    install -D --mode 644 "$deploy/systemd/sysusers.conf" "$root/usr/lib/sysusers.d/edgecrack.conf"
    install -D --mode 640 "$checkout/configs/unit.toml" -t "$root/etc/edgecrack"
    install -D --mode 644 "$deploy/README.md" -t "$root/usr/share/doc/edgecrack"
    install -D --mode 644 "$checkout/LICENSE" "$root/usr/share/doc/edgecrack/copyright"
}

# Prints what the package depends on: all that setup.sh installs but what only a checkout needs.
# gpsd is left out because it takes serial receivers for itself.
depends() {
    local next=${python%.*}.$((${python#*.} + 1))
    printf '%s, ' "python3 (>= $python~), python3 (<< $next~)" "python$python"
    "$deploy/setup.sh" --list | grep -vxE 'python3-venv|gpsd' | paste --serial --delimiters , |
        sed 's/,/, /g'
}

write_control() {
    local control=$root/DEBIAN size
    mkdir "$control"
    size=$(du --summarize --block-size 1024 --exclude DEBIAN "$root" | cut -f 1)
    cat >"$control/control" <<CONTROL
Package: edgecrack
Version: $version
Architecture: $arch
Maintainer: edgecrack <edgecrack@localhost>
Section: science
Priority: optional
Installed-Size: $size
Depends: $(depends), systemd
Recommends: python3-libnvinfer, nvidia-l4t-gstreamer
Description: finds road cracks in the video of a moving camera
 Each crack is a mask with a place on Earth. The package brings the program with
 its model, and a service that surveys the road whenever the vehicle has power.
CONTROL
    echo /etc/edgecrack/unit.toml >"$control/conffiles"
    install --mode 755 "$deploy"/debian/{postinst,prerm,postrm} -t "$control"
    (cd "$root" && find opt usr -type f -exec md5sum {} + >DEBIAN/md5sums)
}

main() {
    local out=build extra='' interpreter=${PYTHON:-} checkout deploy work root arch python version wheel
    local -a pip
    deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    checkout=$(dirname "$deploy")
    while [ $# -gt 0 ]; do
        case $1 in
            --help) usage && exit ;;
            --out | --extra)
                [ $# -gt 1 ] || fail "$1 needs a value." 2
                declare "${1#--}=$2"
                shift 2
                ;;
            *) usage >&2 && fail "'$1' is not an option of this script." 2 ;;
        esac
    done
    interpreter=${interpreter:-$checkout/.venv/bin/python}
    [ -x "$(command -v "$interpreter")" ] ||
        fail "a Python with pip is needed, and $interpreter is none; run 'make demo' first, or set PYTHON." 66
    arch=$(dpkg --print-architecture)
    python=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    [ "$python" = "$("$interpreter" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" ] ||
        fail "the package is for the system's Python $python, and $interpreter is another; set PYTHON." 78

    work=$(mktemp --directory)
    # shellcheck disable=SC2064  # the name is known now
    trap "rm -rf '$work'" EXIT
    root=$work/root
    pip=("$interpreter" -m pip --quiet --disable-pip-version-check)
    build_wheel
    wheel=$(echo "$work"/edgecrack-*.whl)
    version=${wheel##*/edgecrack-}
    # apt upgrades to what has a higher version, and to nothing that has the same: the time is in it.
    version=${version%%-*}+py${python//./}+$(date --utc +%Y%m%d%H%M%S)
    umask 022
    mkdir "$root"
    install_python_packages "$wheel" "$root/opt/edgecrack/lib/python$python/site-packages"
    make_environment "$root/opt/edgecrack"
    install_service
    chmod -R u=rwX,go=rX "$root"
    chmod 640 "$root/etc/edgecrack/unit.toml"
    write_control
    mkdir -p "$out"
    rm -f "$out"/edgecrack_*.deb # whoever installs edgecrack_*.deb must find one
    dpkg-deb --root-owner-group --build "$root" "$work/edgecrack.deb" >/dev/null
    mv "$work/edgecrack.deb" "$out/edgecrack_${version}_$arch.deb"
    echo "deb: made $out/edgecrack_${version}_$arch.deb"
}

main "$@"
