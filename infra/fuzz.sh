#!/usr/bin/env bash
# Runs every fuzz target of the module for the time given, such as 1m, and stops at the
# first that finds something.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: infra/fuzz.sh TIME}

targets() { # package and target, a pair a line
  go test -list '^Fuzz' ./... |
    awk '/^Fuzz/ { found[n++] = $1; next } /^ok/ { while (n) print $2, found[--n]; next } /^FAIL/ { exit 1 }'
}

fuzz() { # package, target
  local log
  log=$(mktemp)
  echo "fuzz $1 $2"
  if go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 2s "$1" </dev/null 2>&1 | tee "$log"; then
    rm "$log"
    return
  fi
  # On a busy machine Go's fuzzer may report the end of its own time as a failure. What it
  # finds it always writes down, or names as an entry of the corpus.
  if grep -q 'context deadline exceeded' "$log" && ! grep -qE 'Failing input|corpus entry|panic' "$log"; then
    echo "the time was over; nothing was found"
    rm "$log"
    return
  fi
  rm "$log"
  return 1
}

all=$(targets)
[ -n "$all" ] || { echo "there is no fuzz target" >&2; exit 1; }
while read -r package target; do
  fuzz "$package" "$target"
done <<<"$all"
