#!/usr/bin/env bash
# The Adult data of the UCI repository, half at each of two owners: run.sh FOLDER [--quick], where FOLDER holds adult.data
# and adult.test.
set -euo pipefail
fail() { echo "run.sh: $1" >&2; exit 2; }
[[ $# -ge 1 && $# -le 2 && "${2:-}" =~ ^(|--quick)$ ]] || fail "say where the data are: run.sh FOLDER [--quick]"
[ -f "$1/adult.data" ] && [ -f "$1/adult.test" ] || fail "there is no adult.data and adult.test in '$1': get them from https://doi.org/10.24432/C5XW20"
from=$(cd "$1" && pwd)
cd "$(dirname "$0")"
tacit=${TACIT:-../../tacit}
mkdir -p out
cp job.toml out/
[ -z "${2:-}" ] || sed -i 's/^epochs = .*/epochs = 1/' out/job.toml

# check FILE SHA-256 ROWS: the rows of a file of the data set, without the line that some copies have above them.
check() {
  grep -v -e '^age,' -e '^|' "$from/$1" | grep . >"out/$1" || true
  [ "$(wc -l <"out/$1")" = "$3" ] || fail "'$from/$1' has $(wc -l <"out/$1") rows, not $3: get it again"
  [ "$(sha256sum <"out/$1")" = "$2  -" ] || fail "'$from/$1' is another file than the UCI repository's: get it again"
}
check adult.data df25a4e32ed6f1bd4b3910d21a7bd661a09061eced7cb45555a519d9667cc87b 32561
check adult.test 5c8e678e04c82a07182bbcb6667c9a06faaba123a55b409af7c5d21fb45784b3 16281

# Every second row for each, then their rows to test on; adult.test has a full stop behind each label.
header=age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,capital-gain,capital-loss,hours-per-week,native-country,earnings
for owner in 1:north 0:south; do
  {
    echo "$header"
    awk "NR % 2 == ${owner%:*}" out/adult.data
    awk "NR % 2 == ${owner%:*}" out/adult.test | sed 's/[.]$//'
  } >"out/${owner#*:}.csv"
done

"$tacit" train out/job.toml --local --data north=out/north.csv --data south=out/south.csv --clear
"$tacit" report out/local-out/report.json
