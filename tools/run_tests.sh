#!/usr/bin/env bash
# Builds everything with its tests and runs them. --full adds the sanitizers. Called by ./tacit test.
set -euo pipefail
here=$1; shift
full=0
for argument in "$@"; do
  case $argument in
    --full) full=1 ;;
    *) echo "tacit test: there is no option '$argument': --full runs the sanitizers, too" >&2; exit 2 ;;
  esac
done

step() { echo "== $*" >&2; }
jobs=$(nproc)

step "building with tests"
cmake -G Ninja -S "$here" -B "$here/build" -DTACIT_TESTS=ON >/dev/null
ninja -C "$here/build" | grep -v '^\[' || true
ninja -C "$here/build" >/dev/null

step "the layers of the house"
python3 "$here/tools/check_layers.py"

step "a Python with ONNX Runtime, as an oracle"
venv=$here/build/oracle
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import onnxruntime, numpy' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet onnxruntime numpy
fi

step "tests"
(cd "$here/build" && ctest --output-on-failure -j "$jobs")

step "files that must not compile"
python3 "$here/tests/run_negative.py" "${CXX:-g++}" "$here/src" "$here/build/generated"

step "the program, end to end"
TACIT=$here/build/apps/tacit/tacit "$venv/bin/python" -m unittest discover -s "$here/tests/e2e"
