# Sourced by the install scripts of the targets and clients.
# An install script exits 0 when the thing is there, 77 when it cannot be had on this machine.

zoo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# Everything that is not a system package goes here, so that a clean checkout stays clean.
zoo_cache=${PUSHSPEC_CACHE:-$zoo_root/target/zoo}

cannot_install() {
    echo "cannot install: $*" >&2
    exit 77
}

have_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || return 1
    done
}

# Installs Debian packages, and keeps their services from being started: a daemon on its
# default port could answer in place of the target, or hold the port that a test needs.
install_packages() {
    command -v dpkg-query >/dev/null || cannot_install "needs Debian packages ($*), and this is not a Debian system"
    have_packages "$@" && return
    [ "$(id -u)" -eq 0 ] || cannot_install "Debian packages missing ($*), and only root can install them"

    local policy=/usr/sbin/policy-rc.d made_policy=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        made_policy=yes
    fi
    local status=0
    export DEBIAN_FRONTEND=noninteractive
    local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=120)
    # The package lists are fetched only when the packages cannot be had from those at hand.
    apt-get install "${options[@]}" "$@" </dev/null ||
        { apt-get update -q </dev/null && apt-get install "${options[@]}" "$@" </dev/null; } || status=$?
    [ -z "$made_policy" ] || rm -f "$policy"
    [ "$status" -eq 0 ] || cannot_install "apt-get could not install $*"
}

# Installs the npm packages of DIR/package-lock.json into the cache, once per lock file.
# Scripts find them through NODE_PATH=$(node_modules NAME).
install_node_modules() {
    local name=$1 dir=$2
    local place=$zoo_cache/$name stamp
    command -v node >/dev/null || cannot_install "node is missing"
    command -v npm >/dev/null || cannot_install "npm is missing"
    stamp=$(sha256sum <"$dir/package-lock.json")
    [ "$(cat "$place/installed" 2>/dev/null)" != "$stamp" ] || return 0
    rm -rf "$place"
    mkdir -p "$place"
    cp "$dir/package.json" "$dir/package-lock.json" "$place/"
    (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null) ||
        cannot_install "npm could not install the packages of $dir/package-lock.json"
    echo "$stamp" >"$place/installed"
}

node_modules() {
    echo "$zoo_cache/$1/node_modules"
}

# Makes a virtual environment in the cache from a requirements file, once per requirements file.
install_venv() {
    local name=$1 requirements=$2
    local place=$zoo_cache/$name stamp
    command -v python3 >/dev/null || cannot_install "python3 is missing"
    stamp=$(sha256sum <"$requirements")
    [ "$(cat "$place/installed" 2>/dev/null)" != "$stamp" ] || return 0
    rm -rf "$place"
    python3 -m venv "$place" ||
        { rm -rf "$place" && install_packages python3-venv && python3 -m venv "$place"; } ||
        cannot_install "python3 cannot make virtual environments"
    "$place/bin/pip" install -q --disable-pip-version-check -r "$requirements" </dev/null ||
        cannot_install "pip could not install the packages of $requirements"
    echo "$stamp" >"$place/installed"
}

# Builds the Maven project of a directory in the cache, once per state of its files.
build_with_maven() {
    local name=$1 dir=$2
    local place=$zoo_cache/$name stamp
    command -v java >/dev/null || install_packages openjdk-17-jdk-headless
    command -v mvn >/dev/null || install_packages maven
    stamp=$(cd "$dir" && find pom.xml src -type f -exec sha256sum {} + | sort)
    [ "$(cat "$place/installed" 2>/dev/null)" != "$stamp" ] || return 0
    rm -rf "$place"
    mkdir -p "$place"
    cp -r "$dir/pom.xml" "$dir/src" "$place/"
    (cd "$place" && mvn -B -q package </dev/null) || cannot_install "Maven could not build $dir"
    echo "$stamp" >"$place/installed"
}

# Builds a package of the Go module of a directory, by default its own, as locked, as the program `server` in the cache.
build_with_go() {
    local name=$1 dir=$2 package=${3:-.}
    PATH=$PATH:/usr/local/go/bin
    command -v go >/dev/null || install_packages golang-go
    mkdir -p "$zoo_cache/$name"
    (cd "$dir" && GOFLAGS='-buildvcs=false -mod=readonly' go build -o "$zoo_cache/$name/server" "$package" </dev/null) ||
        cannot_install "go could not build $package in $dir"
    (cd "$dir" && go version && go list -m -f '{{.Path}} {{.Version}}' all 2>/dev/null) >"$zoo_cache/$name/version"
}

# Builds the Rust package of a directory, as locked, in the cache, and tells the version of the crate NAME.
build_with_cargo() {
    local name=$1 dir=$2
    command -v cargo >/dev/null || cannot_install "cargo is missing"
    command -v cc >/dev/null || install_packages gcc libc6-dev
    CARGO_TARGET_DIR=$zoo_cache/$name cargo build --quiet --locked --manifest-path "$dir/Cargo.toml" </dev/null ||
        cannot_install "cargo could not build $dir"
    sed -n "/^name = \"$name\"\$/{n;s/version = \"\\(.*\\)\"/$name \\1/p}" "$dir/Cargo.lock" >"$zoo_cache/$name/version"
}

# Builds a tool of that version with cargo, once, and prints the directory of its program, whose name is the tool's
# unless it is given.
install_cargo_tool() {
    local name=$1 version=$2 program=${3:-$1}
    local place=$zoo_cache/$name-$version
    command -v cargo >/dev/null || cannot_install "cargo is missing"
    [ -x "$place/bin/$program" ] ||
        CARGO_TARGET_DIR=$place/target cargo install --quiet --locked --root "$place" --version "$version" "$name" </dev/null >&2 ||
        cannot_install "cargo could not build $name $version"
    rm -rf "$place/target"
    echo "$place/bin"
}
