#!/usr/bin/env bash
# The page of a simulation in a headless Chromium: it renders, complains of nothing, and nothing in it comes alive that is
# only a name. Where there is no browser the test says so and succeeds.
#
#   tests/browser/simulation.sh PROGRAM [DIRECTORY]
#
# PROGRAM writes the page. DIRECTORY: keeps the page and its pictures there (light.png, dark.png, print.pdf, narrow.png) to
# be looked at.
set -euo pipefail

program=$(realpath "$1")
. "$(dirname "$0")/browser.sh"
out=${2:-$place}
mkdir -p "$out"
out=$(realpath "$out")

"$program" >"$out/page.html"
renders "$out/page.html" 'Flash sale on SQLite' 9
chromium --window-size=500,7000 --screenshot="$out/narrow.png" "file://$out/page.html"
pictures "$out/page.html" 5200 "$out"
