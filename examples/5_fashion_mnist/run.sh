#!/usr/bin/env bash
# 70,000 images of 28x28 pixels, half at each of two owners, from the Debian package dataset-fashion-mnist.
set -euo pipefail
cd "$(dirname "$0")"
tacit=${TACIT:-../../tacit}
case "${1:-}" in
  "") quick= ;;
  --quick) quick=1 ;;
  *) echo "run.sh: there is no option '$1': --quick makes it short" >&2; exit 2 ;;
esac

from=${FASHION:-/usr/share/datasets/fashion-mnist}
if [ ! -f "$from/train-images-idx3-ubyte.gz" ]; then
  echo "run.sh: there is no Fashion-MNIST in $from: install it with 'apt-get install dataset-fashion-mnist'" >&2
  exit 2
fi
mkdir -p out
cp job.toml out/
train=30000 test=5000
if [ -n "$quick" ]; then
  train=1800 test=300
  sed -i 's/^epochs = .*/epochs = 1/' out/job.toml
fi

# part FILE HEADER SIZE FIRST COUNT: so many elements of SIZE bytes of an IDX file, after its header.
part() { gzip -dc "$from/$1-ubyte.gz" | tail -c +$(($2 + $3 * $4 + 1)) | head -c $(($3 * $5)) || [ $? = 141 ]; }
# A number as IDX has it, of four bytes.
number() { printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 >> 24)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"; }

# An owner's images: first those to train on, then those to test on, in one file with a header of its own.
share() {
  local owner=$1 half=$2
  {
    number 0x803; number $((train + test)); number 28; number 28
    part train-images-idx3 16 784 $((half * 30000)) $train
    part t10k-images-idx3 16 784 $((half * 5000)) $test
  } | gzip -1 >"out/$owner-images.gz"
  {
    number 0x801; number $((train + test))
    part train-labels-idx1 8 1 $((half * 30000)) $train
    part t10k-labels-idx1 8 1 $((half * 5000)) $test
  } | gzip -1 >"out/$owner-labels.gz"
}
share north 0
share south 1

"$tacit" train out/job.toml --local --clear \
  --data north=out/north-images.gz --labels north=out/north-labels.gz \
  --data south=out/south-images.gz --labels south=out/south-labels.gz
"$tacit" report out/local-out/report.json
