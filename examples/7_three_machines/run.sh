#!/usr/bin/env bash
# A rehearsal of README.md on one machine: the same commands, each in the background, with addresses of this machine.
set -euo pipefail
cd "$(dirname "$0")"
tacit=${TACIT:-../../tacit}
case "${1:-}" in
  "") quick= ;;
  --quick) quick=1 ;;
  *) echo "run.sh: there is no option '$1': --quick makes it short" >&2; exit 2 ;;
esac

rm -rf out && mkdir -p out
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
cp job.toml out/
[ -z "$quick" ] || sed -i 's/^epochs = .*/epochs = 1/' out/job.toml
awk 'NR == 1 || NR % 2 == 0' ../data/breast_cancer.csv >out/north.csv
awk 'NR == 1 || NR % 2 == 1' ../data/breast_cancer.csv >out/south.csv
head -n 6 out/south.csv | cut -d, -f1-30 >out/questions.csv

# Everybody makes a key, and tells its public half.
ports=(${PORTS:-7101 7102 7103})
for name in alpha beta gamma north south; do
  "$tacit" keys new "$name" --dir out >out/said
  sed -i "s/KEY-OF-$name/$(grep -o 'ed25519:[0-9a-f]*' out/said)/" out/job.toml
done
for i in 0 1 2; do
  names=(alpha beta gamma)
  sed -i "s/${names[i]}.example:7100/127.0.0.1:${ports[i]}/" out/job.toml
done

doctors=()
for name in alpha beta gamma; do
  "$tacit" doctor out/job.toml --party $name --quiet >out/$name-doctor.txt & doctors+=($!)
done
for doctor in "${doctors[@]}"; do wait "$doctor"; done
tail -n 1 out/*-doctor.txt

for name in alpha beta gamma; do "$tacit" party out/job.toml --party $name --quiet & done
"$tacit" train out/job.toml --owner south --data out/south.csv --quiet & south=$!
"$tacit" train out/job.toml --owner north --data out/north.csv --quiet
wait $south
"$tacit" report out/north-out/report.json

"$tacit" predict out/job.toml --owner south --data out/questions.csv --quiet
cat out/south-out/predictions.csv
