#!/usr/bin/env bash
# The page of `report --html` in a headless Chromium: it renders, complains of nothing, and nothing in it comes alive
# that is only a name. Where there is no browser the test says so and succeeds.
#
#   tests/browser/report.sh INVCTL [DIRECTORY]
#
# DIRECTORY: keeps the page and its pictures there (light.png, dark.png, print.pdf) to be looked at.
set -euo pipefail

invctl=$(realpath "$1")
. "$(dirname "$0")/browser.sh"
out=${2:-$place}
mkdir -p "$out"
out=$(realpath "$out")
export INVCTL_DB=sqlite:$place/shop.db INVCTL_ACTOR=clerk

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

renders "$out/page.html" 'Stock report 2025-10' 6
pictures "$out/page.html" 3400 "$out"
