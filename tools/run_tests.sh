#!/usr/bin/env bash
# Builds everything with its tests and runs them. --full adds the sanitizers, the fuzzers, the fault matrix, the arm64
# kernels and, emulated, those for AVX-512. Called by ./tacit test. What cannot be built ends it; where tests fail it
# goes on, so that one run tells of all of them, and fails in the end.
set -euo pipefail
here=$1; shift
full=0
for argument in "$@"; do
  case $argument in
    --full) full=1 ;;
    *)
      echo "tacit test: there is no option '$argument': --full adds sanitizers, fuzzers, faults and arm64" >&2
      exit 2 ;;
  esac
done

started=$SECONDS
now= failed=()
step() { now=$*; echo "== $now ($(((SECONDS - started) / 60)) min so far)" >&2; }
check() { "$@" || failed+=("$now"); }
finish() {
  [ ${#failed[@]} = 0 ] || { printf '== FAILED: %s\n' "${failed[@]}" >&2; exit 1; }
  step "all is well"
  exit 0
}
jobs=$(nproc)

# Quiet unless something fails.
make_targets() {
  ninja -C "$1" "${@:2}" | grep -v '^\[' || true
  ninja -C "$1" "${@:2}" >/dev/null
}

step "building with tests"
cmake -G Ninja -S "$here" -B "$here/build" -DTACIT_TESTS=ON >/dev/null
make_targets "$here/build" all

step "a second call builds nothing, and says nothing of building"
said=$("$here/tacit" --version 2>&1 >/dev/null)
[ -z "$said" ] || { echo "./tacit --version said: $said" >&2; exit 1; }

step "the layers of the house"
check python3 "$here/tools/check_layers.py"

step "a Python with ONNX Runtime, as an oracle"
venv=$here/build/oracle
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import onnxruntime, numpy, onnx' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet onnxruntime numpy onnx
fi

step "the newest ONNX's node tests, as ONNX Runtime judges them"
[ -d "$here/build/onnx-cases/node" ] || "$venv/bin/python" "$here/tests/onnx/make_cases.py" "$here/build/onnx-cases/node"

step "models as PyTorch exports them, as ONNX Runtime judges them"
exported=$here/build/onnx-cases/exported
if [ ! "$exported" -nt "$here/tests/onnx/make_models.py" ]; then
  "$venv/bin/python" "$here/tests/onnx/make_models.py" "$exported"
  touch "$exported"
fi

unit_tests() { (cd "$1" && ctest --output-on-failure -j "$jobs"); }
step "tests"
check unit_tests "$here/build"

step "files that must not compile"
check python3 "$here/tests/run_negative.py" "${CXX:-g++}" "$here/src" "$here/build/generated"

step "the program, end to end"
export TACIT=$here/build/apps/tacit/tacit
check "$venv/bin/python" "$here/tests/e2e/run.py"
[ "$full" = 1 ] || finish

step "a sealed model of 4 GiB under 1 GiB of memory"
make_targets "$here/build" large_model
check "$here/build/tests/guard/large_model"

step "faults at every link and step, within one process"
make_targets "$here/build" fault_matrix fault_cells fault_endpoint
in_shards() {  # a test program that would take long in one process
  local count=$1 shards=() shard
  for ((shard = 0; shard < count; ++shard)); do
    GTEST_TOTAL_SHARDS=$count GTEST_SHARD_INDEX=$shard "$2" --gtest_brief=1 &
    shards+=($!)
  done
  for shard in "${shards[@]}"; do wait "$shard" || return 1; done
}
check in_shards 5 "$here/build/tests/fault/fault_matrix"  # most of the time they wait
check in_shards "$jobs" "$here/build/tests/fault/fault_cells"

step "faults in every phase, between processes"
FAULT_ENDPOINT=$here/build/tests/fault/fault_endpoint check python3 "$here/tests/fault/run.py"

# The unit tests once more, in a build of their own that stops at the first finding. Without address
# randomisation: ThreadSanitizer's runtime cannot place its shadow otherwise on some kernels.
run_sanitized() { (cd "$1" && setarch -R ctest --output-on-failure -j "$jobs" --timeout 1800); }

step "building with clang, for the address and undefined behaviour sanitizers and the fuzzers"
cmake -G Ninja -S "$here" -B "$here/build/clang" -DCMAKE_CXX_COMPILER=clang++-14 -DTACIT_TESTS=ON -DTACIT_FUZZ=ON \
  -DTACIT_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
make_targets "$here/build/clang" unit_tests fuzzers
step "the unit tests under the address and undefined behaviour sanitizers"
check run_sanitized "$here/build/clang"
step "fuzzing"
check python3 "$here/tests/fuzz/run.py" "$here/build/clang" 15

step "building for the thread sanitizer"
cmake -G Ninja -S "$here" -B "$here/build/tsan" -DTACIT_TESTS=ON -DTACIT_SANITIZE=thread >/dev/null
make_targets "$here/build/tsan" unit_tests
step "the unit tests under the thread sanitizer"
check run_sanitized "$here/build/tsan"

step "the kernels for arm64, under qemu"
cmake -G Ninja -S "$here/tests/neon" -B "$here/build/neon" -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 >/dev/null
make_targets "$here/build/neon" neon_test
check qemu-aarch64 "$here/build/neon/neon_test" --gtest_brief=1
if [ "$(uname -m)" = x86_64 ]; then
  step "the kernels for AVX-512, emulated"
  cmake -G Ninja -S "$here/tests/avx512" -B "$here/build/avx512" >/dev/null
  make_targets "$here/build/avx512" avx512_test
  check "$here/build/avx512/avx512_test" --gtest_brief=1
fi
finish
