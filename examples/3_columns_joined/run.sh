#!/usr/bin/env bash
# Two owners of different columns of the same rows. Neither sees the other's, and no party sees any.
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

# A number for each patient; the clinic has the first ten columns and the diagnosis, the laboratory the last ten.
awk -F, -v OFS=, '{ print (NR == 1 ? "patient" : NR - 1), $0 }' ../data/breast_cancer.csv >out/all.csv
cut -d, -f1-11,32 out/all.csv >out/clinic.csv
cut -d, -f1,22-31 out/all.csv >out/laboratory.csv

"$tacit" train out/job.toml --local --data clinic=out/clinic.csv --data laboratory=out/laboratory.csv --clear
"$tacit" report out/local-out/report.json
