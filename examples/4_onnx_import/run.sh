#!/usr/bin/env bash
# Training goes on from a model in an ONNX file. Here that file is the result of a first training; any network will do whose
# operators are known.
set -euo pipefail
cd "$(dirname "$0")"
tacit=${TACIT:-../../tacit}
case "${1:-}" in
  "") quick= ;;
  --quick) quick=1 ;;
  *) echo "run.sh: there is no option '$1': --quick makes it short" >&2; exit 2 ;;
esac

mkdir -p out
cp first.toml job.toml out/
[ -z "$quick" ] || sed -i 's/^epochs = .*/epochs = 1/' out/first.toml out/job.toml

# A third of the images for each owner.
for owner in 0:west 1:north 2:south; do
  gzip -dc ../data/digits.csv.gz | awk "NR == 1 || NR % 3 == ${owner%:*}" >"out/${owner#*:}.csv"
done

"$tacit" train out/first.toml --local --data west=out/west.csv --out out/first
cp out/first/west-out/model.onnx out/start.onnx

"$tacit" train out/job.toml --local --data north=out/north.csv --data south=out/south.csv --clear
"$tacit" report out/first/report.json out/local-out/report.json
"$tacit" report out/local-out/report.json
