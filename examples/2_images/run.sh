#!/usr/bin/env bash
# A convolutional network on two owners' images of 8x8 pixels.
set -euo pipefail
cd "$(dirname "$0")"
tacit=${TACIT:-../../tacit}
case "${1:-}" in
  "") quick= ;;
  --quick) quick=1 ;;
  *) echo "run.sh: there is no option '$1': --quick makes it short" >&2; exit 2 ;;
esac

mkdir -p out
cp job.toml out/
[ -z "$quick" ] || sed -i 's/^epochs = .*/epochs = 1/' out/job.toml

# Every second image for north, the others for south. Files may be compressed.
gzip -dc ../data/digits.csv.gz | awk 'NR == 1 || NR % 2 == 0' | gzip >out/north.csv.gz
gzip -dc ../data/digits.csv.gz | awk 'NR == 1 || NR % 2 == 1' | gzip >out/south.csv.gz

"$tacit" train out/job.toml --local --data north=out/north.csv.gz --data south=out/south.csv.gz --clear
"$tacit" report out/local-out/report.json
