#!/usr/bin/env bash
# Builds everything with its tests and runs them. --full adds the sanitizers and the arm64 kernels. Called by ./tacit
# test.
set -euo pipefail
here=$1; shift
full=0
for argument in "$@"; do
  case $argument in
    --full) full=1 ;;
    *) echo "tacit test: there is no option '$argument': --full adds the sanitizers and the arm64 kernels" >&2; exit 2 ;;
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
[ "$full" = 1 ] || exit 0

# The unit tests again, in a build of their own that stops at the first finding.
sanitized() {
  local name=$1 flags=$2
  step "the unit tests under $name"
  cmake -G Ninja -S "$here" -B "$here/build/$name" -DTACIT_TESTS=ON -DTACIT_SANITIZE="$flags" >/dev/null
  ninja -C "$here/build/$name" unit_tests | grep -v '^\[' || true
  ninja -C "$here/build/$name" unit_tests >/dev/null
  # Without address randomisation: ThreadSanitizer's runtime cannot place its shadow otherwise on some kernels.
  (cd "$here/build/$name" && setarch -R ctest --output-on-failure -j "$jobs" --timeout 1800)
}
sanitized asan address,undefined
sanitized tsan thread

step "the kernels for arm64, under qemu"
cmake -G Ninja -S "$here/tests/neon" -B "$here/build/neon" -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 >/dev/null
ninja -C "$here/build/neon" neon_test >/dev/null
qemu-aarch64 "$here/build/neon/neon_test" --gtest_brief=1
