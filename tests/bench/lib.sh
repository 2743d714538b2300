# For table.sh: measuring, comparing, printing. Not to be run.
invctl=$build/invctl

die() { echo "${0##*/}: $*" >&2; exit 1; }

# A directory of our own, on a file system where a sync reaches a disk.
start_place() {
  outer_tmpdir=${TMPDIR:-/tmp}  # a server runs as another user, who may not enter our place
  place=$(mktemp -d "${TMPDIR:-/tmp}/invctl-bench-XXXXXX")
  trap end_place EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  case "$(stat -f -c %T "$place")" in
    tmpfs | ramfs) die "$place is in memory, where a sync costs nothing: TMPDIR must name another place" ;;
  esac
  export TMPDIR=$place HOME=$place INVCTL_ACTOR=bench
  unset INVCTL_DB XDG_CONFIG_HOME XDG_DATA_HOME
}
server=
end_place() {
  if [ -n "$server" ]; then TMPDIR=$outer_tmpdir "$root/tests/server/mariadb_fixture.sh" stop "$server"; fi
  rm -rf "$place"
}

# measured COMMAND...: sets took_us, cpu_us and peak_kib; what it prints is in $place/out.
measured() {
  local figures
  figures=$("$build/clocked" -o "$place/out" "$@") || die "failed: $*: $(head -c 2000 "$place/out")"
  read -r took_us cpu_us peak_kib <<<"$figures"
}
json() { sqlite3 :memory: "SELECT json_extract(readfile('$place/out'), '\$.$1')"; }
quietly() { "$@" >/dev/null; }
same() { [ "$2" = "$3" ] || die "$1: both sides should have left the same: $2, $3"; }

# --- databases of a directory each, so that a side file is never another one's
path_of() { echo "$place/$1/db"; }
new_database() {
  rm -rf "${place:?}/$1"
  mkdir "$place/$1"
  "$invctl" --db "$(path_of "$1")" -q init-db >/dev/null
}
copy_database() {
  rm -rf "${place:?}/$2"
  cp -r "$place/$1" "$place/$2"
  sync -f "$place"  # so that writing the copy is no part of what comes
}
content_of() { sqlite3 "$(path_of "$1")" .dump | sha256sum; }
ask() { sqlite3 "$(path_of "$1")" "$2"; }

# --- lines
print_head() {
  echo "| what | against | ratio: median (min..max) | aim | reached | ours | theirs | peak memory, MB |"
  echo "|---|---|---|---|---|--:|--:|--:|"
}
start_pairs() { : >"$place/pairs-$1"; }
note() { echo "${*:2}" >>"$place/pairs-$1"; }  # note PAIRS OURS THEIRS PEAK-KIB PEAK-KIB

# print_line WHAT AGAINST HOW AIM PAIRS. HOW: `time` and `flat`, ours by theirs, at most AIM (microseconds); `faster`,
# theirs by ours, at least AIM (microseconds); `rate`, ours by theirs, at least AIM (per second); `index`, ours itself.
print_line() {
  awk -v what="$1" -v against="$2" -v how="$3" -v aim="$4" '
    function sort_into(v, n, out,   i, j, t) {
      for (i = 1; i <= n; i++) out[i] = v[i]
      for (i = 2; i <= n; i++) { t = out[i]; for (j = i - 1; j > 0 && out[j] > t; j--) out[j + 1] = out[j]; out[j + 1] = t }
    }
    function median(v, n,   s) { sort_into(v, n, s); return n % 2 ? s[(n + 1) / 2] : (s[n / 2] + s[n / 2 + 1]) / 2 }
    function amount(x) {
      if (how == "index") return sprintf("%.3f", x)
      if (how == "rate") return sprintf(x < 100 ? "%.1f/s" : "%.0f/s", x)
      return x < 1000 ? sprintf("%.0f us", x) : x < 1e6 ? sprintf("%.2f ms", x / 1000) : sprintf("%.2f s", x / 1e6)
    }
    function ratio(x) { return sprintf(x >= 20 ? "%.0f" : x >= 10 ? "%.1f" : how == "index" ? "%.3f" : "%.2f", x) }
    function megabytes(x) { return x == "-" ? "-" : sprintf("%.0f", x / 1024) }
    { a[NR] = $1; b[NR] = $2
      r[NR] = how == "index" ? $1 : how == "faster" ? $2 / $1 : $1 / $2
      if ($3 > most_a || NR == 1) most_a = $3
      if ($4 > most_b || NR == 1) most_b = $4 }
    END {
      sort_into(r, NR, s); m = median(r, NR)
      atmost = how == "time" || how == "flat"
      verdict = aim == "-" ? "-" : (atmost ? m <= aim : m >= aim) ? "yes" : "**no**"
      goal = aim == "-" ? "-" : (atmost ? "at most " : "at least ") aim
      printf "| %s | %s | %s (%s..%s) of %d | %s | %s | %s | %s | %s / %s |\n", what, against, ratio(m), ratio(s[1]),
        ratio(s[NR]), NR, goal, verdict, amount(median(a, NR)), amount(median(b, NR)), megabytes(most_a), megabytes(most_b)
    }' "$place/pairs-$5"
}
skip_line() { echo "| $1 | $2 | skipped: $3 | | | | | |"; }
