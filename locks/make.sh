#!/bin/sh
# Writes the locks from pyproject.toml and locks/tools.in: exact versions, and the hash of every file of each.
# What is locked stays unless it no longer fits; "make lock ARGS=--upgrade" takes the newest, and
# "ARGS=--upgrade-package=NAME" one of them.
set -eu
cd "$(dirname "$0")/.."
uv=$1
shift
# A version is taken a week after it came out at the earliest: most that are malicious are found and withdrawn by then.
after=${COOLDOWN:-7 days}

compile() {
    lock=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --only-binary :all: --generate-hashes --no-annotate \
        --exclude-newer "$after" --custom-compile-command "make lock" --output-file "locks/$lock.txt" "$@" >/dev/null
}

compile test --extra builtin --extra test pyproject.toml "$@"
compile run --extra builtin --constraints locks/test.txt pyproject.toml "$@"
sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml | compile build --constraints locks/test.txt - "$@"
compile tools --constraints locks/test.txt locks/tools.in "$@"

# A lock is worth something only where each package has a wheel.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for machine in x86_64 aarch64; do
    for python in 3.11 3.12 3.13 3.14; do
        "$uv" pip install --quiet --dry-run --target "$folder" --require-hashes --only-binary :all: \
            --python-platform "$machine-manylinux_2_28" --python-version "$python" \
            -r locks/build.txt -r locks/test.txt -r locks/tools.txt
        echo "Python $python on $machine: a wheel of every package"
    done
done
