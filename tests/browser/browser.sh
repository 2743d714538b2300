# A headless Chromium for the tests beside this file, which source it: a page renders, complains of nothing, and nothing
# in it comes alive that is only a name. Where there is no browser the test ends here and succeeds.
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
fail() { echo "FAILED: $*" >&2; exit 1; }
export HOME=$place LC_ALL=C.UTF-8

chromium() {  # chromium OPTION... URL: no network, no profile but this run's
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --user-data-dir="$place/profile" --host-resolver-rules='MAP * ~NOTFOUND' --disable-background-networking \
    --hide-scrollbars --enable-logging=stderr --v=0 "$@" 2>"$place/stderr"
}
# What the page itself complains of; the browser has complaints of its own about the machine.
complaints() { grep 'CONSOLE' "$place/stderr" || true; }

renders() {  # renders PAGE TITLE CHARTS: the page has this title still, that many charts, and no complaint
  chromium --dump-dom "file://$1" >"$place/dom" || fail "the browser left with $?: $(tail -3 "$place/stderr")"
  [ -z "$(complaints)" ] || fail "the page complains: $(complaints)"
  grep -q "<title>$2</title>" "$place/dom" || fail "the title is not its own any more"
  grep -q '&lt;script&gt;' "$place/dom" || fail "the hostile name is not there"
  ! grep -qE '<(script|img|iframe|object|embed)' "$place/dom" || fail "a name has come alive"
  [ "$(grep -c '<svg' "$place/dom")" = "$3" ] || fail "$(grep -c '<svg' "$place/dom") charts"

  # The checks see what they look for.
  sed 's/&lt;script&gt;/<script>/; s|<meta http-equiv="Content-Security-Policy"[^>]*>||' "$1" |
    sed 's|</body>|<script>console.error("seen"); throw new Error("seen")</script></body>|' >"$place/alive.html"
  chromium --dump-dom "file://$place/alive.html" >"$place/dom" || fail "the browser left with $?"
  [ -n "$(complaints)" ] || fail "a page that complains is not noticed"
  grep -q '<script' "$place/dom" || fail "a page with a script is not noticed"
}

pictures() {  # pictures PAGE HEIGHT DIRECTORY: the page in the light, in the dark and on paper
  chromium --window-size="1000,$2" --screenshot="$3/light.png" --blink-settings=preferredColorScheme=1 "file://$1"
  chromium --window-size="1000,$2" --screenshot="$3/dark.png" --blink-settings=preferredColorScheme=0 "file://$1"
  chromium --print-to-pdf="$3/print.pdf" --no-pdf-header-footer "file://$1"
  for file in light.png dark.png print.pdf; do
    [ "$(stat -c %s "$3/$file")" -gt 20000 ] || fail "$file is nearly empty"
  done
  ! cmp -s "$3/light.png" "$3/dark.png" || fail "the dark is as light as the light"
  echo "the page renders in $("$browser" --version 2>/dev/null | head -1) without a complaint, in the light, in the dark and on paper"
}
