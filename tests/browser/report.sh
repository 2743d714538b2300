#!/usr/bin/env bash
# The page of `report --html` in a headless Chromium: it renders, complains of nothing, and nothing in it comes alive
# that is only a name. Where there is no browser the test says so and succeeds.
#
#   tests/browser/report.sh INVCTL [DIRECTORY]
#
# DIRECTORY: keeps the page and its pictures there (light.png, dark.png, print.pdf) to be looked at.
set -euo pipefail

invctl=$(realpath "$1")
browser=''
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then browser=$name; break; fi
done
if [ -z "$browser" ]; then
  echo "SKIPPED: there is no Chromium"
  exit 0
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
out=${2:-$place}
mkdir -p "$out"
fail() { echo "FAILED: $*" >&2; exit 1; }
export HOME=$place LC_ALL=C.UTF-8 INVCTL_DB=sqlite:$place/shop.db INVCTL_ACTOR=clerk

"$invctl" init-db -q --currency GBP >"$place/log"
for code in EAST WEST 서울; do "$invctl" warehouse add "$code" -q >"$place/log"; done
"$invctl" product add BOLT-10 -q --name 'Bolt M10 <script>document.title="alive"</script>' --category Fixings --price 2.50 --reorder-point 5000 >"$place/log"
"$invctl" product add NUT-10 -q --name 'Nut "M10" & <img src=x onerror="document.title=1">' --category Fixings --price 0.75 >"$place/log"
"$invctl" product add BATH -q --name '入浴剤 ひのきの香り 10包' --category '日用品' --price 4.20 --reorder-point 90 >"$place/log"
"$invctl" product add CUP -q --name '육각 머그컵' >"$place/log"
{
  echo "kind,warehouse,sku,quantity,occurred_at,user"
  for sku in BOLT-10 NUT-10 BATH CUP; do
    for place_code in EAST WEST 서울; do echo "receive,$place_code,$sku,4000,2025-09-28,"; done
  done
  for day in $(seq -w 1 31); do
    n=$((10#$day))
    echo "ship,EAST,BOLT-10,$((n * 7 % 40 + 5)),2025-10-${day}T09:00:00Z,"
    echo "purchase,WEST,BATH,$((n * 13 % 30 + 1)),2025-10-${day}T10:00:00Z,kim"
    echo "purchase,서울,NUT-10,$((n * 11 % 25 + 1)),2025-10-${day}T11:00:00Z,lee"
    [ $((n % 6)) != 0 ] || echo "receive,서울,CUP,$((n * 3)),2025-10-${day}T12:00:00Z,"
  done
} >"$place/rows.csv"
"$invctl" apply -q "$place/rows.csv" >"$place/log"
rm -f "$out/page.html"
"$invctl" report --html "$out/page.html" --period 2025-10 -q >"$place/log"

chromium() {  # chromium OPTION... URL: no network, no profile but this run's
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --user-data-dir="$place/profile" --host-resolver-rules='MAP * ~NOTFOUND' --disable-background-networking \
    --hide-scrollbars --enable-logging=stderr --v=0 "$@" 2>"$place/stderr"
}
# What the page itself complains of; the browser has complaints of its own about the machine.
complaints() { grep 'CONSOLE' "$place/stderr" || true; }

chromium --dump-dom "file://$out/page.html" >"$place/dom" || fail "the browser left with $?: $(tail -3 "$place/stderr")"
[ -z "$(complaints)" ] || fail "the page complains: $(complaints)"
grep -q '<title>Stock report 2025-10</title>' "$place/dom" || fail "the title is not its own any more"
grep -q '&lt;script&gt;' "$place/dom" || fail "the hostile name is not there"
! grep -qE '<(script|img|iframe|object|embed)' "$place/dom" || fail "a name has come alive"
[ "$(grep -c '<svg' "$place/dom")" = 6 ] || fail "$(grep -c '<svg' "$place/dom") charts"

# The checks see what they look for.
sed 's/&lt;script&gt;/<script>/; s|<meta http-equiv="Content-Security-Policy"[^>]*>||' "$out/page.html" |
  sed 's|</body>|<script>console.error("seen"); throw new Error("seen")</script></body>|' >"$place/alive.html"
chromium --dump-dom "file://$place/alive.html" >"$place/dom" || fail "the browser left with $?"
[ -n "$(complaints)" ] || fail "a page that complains is not noticed"
grep -q '<script' "$place/dom" || fail "a page with a script is not noticed"

# And it can be seen: in the light, in the dark, on paper.
chromium --window-size=1000,3400 --screenshot="$out/light.png" --blink-settings=preferredColorScheme=1 "file://$out/page.html"
chromium --window-size=1000,3400 --screenshot="$out/dark.png" --blink-settings=preferredColorScheme=0 "file://$out/page.html"
chromium --print-to-pdf="$out/print.pdf" --no-pdf-header-footer "file://$out/page.html"
for file in light.png dark.png print.pdf; do
  [ "$(stat -c %s "$out/$file")" -gt 20000 ] || fail "$file is nearly empty"
done
! cmp -s "$out/light.png" "$out/dark.png" || fail "the dark is as light as the light"
echo "the page renders in $("$browser" --version 2>/dev/null | head -1) without a complaint, in the light, in the dark and on paper"
