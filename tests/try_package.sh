#!/bin/sh
# Builds the wheel and tries it as a newcomer would: in an empty environment, from an empty folder, with an empty HOME.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=${PYTHON:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1

"$python" -m venv "$folder/build"
"$folder/build/bin/pip" install --quiet --require-hashes --only-binary :all: -r "$here/locks/build.txt"
"$folder/build/bin/pip" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$folder/dist" "$here"
wheel=$(ls "$folder"/dist/movie_sync-*.whl)

echo "pip install --require-hashes -r locks/run.txt; pip install $(basename "$wheel")"
"$python" -m venv "$folder/user"
"$folder/user/bin/pip" install --quiet --require-hashes --only-binary :all: -r "$here/locks/run.txt"
"$folder/user/bin/pip" install --quiet --no-deps "$wheel"
mkdir "$folder/home" "$folder/empty"
cd "$folder/empty"
HOME="$folder/home" "$folder/user/bin/movie-sync" --version
HOME="$folder/home" "$folder/user/bin/movie-sync" stats
HOME="$folder/home" "$folder/user/bin/movie-sync" demo

echo "pip install -r requirements.txt, without a lock; python main.py"
"$python" -m venv "$folder/plain"
cp -R "$here/movie_sync" "$here/main.py" "$here/requirements.txt" "$here/pyproject.toml" "$here/README.md" "$here/LICENSE" .
"$folder/plain/bin/pip" install --quiet -r requirements.txt
one=$(HOME="$folder/home" "$folder/plain/bin/python" main.py stats --json)
two=$(HOME="$folder/home" "$folder/user/bin/movie-sync" stats --json)
test "$one" = "$two"
echo "The wheel works; python main.py answers the same."
