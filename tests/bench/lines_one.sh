# For table.sh: one command, many processes at once, many threads at once. Not to be run.

# The statements of so many receipts are recorded from the program itself; the shell runs these very texts, one process
# each, and must end with the same database, byte by byte of its dump. Once as it comes, which copies the log back at
# its end, and once told not to, as invctl.
line_receive() {
  local n=$((rounds * 10)) i
  new_database ours
  local db
  db=$(path_of ours)
  quietly "$invctl" --db "$db" warehouse add EAST
  quietly "$invctl" --db "$db" product add BOLT --price 1
  quietly "$invctl" --db "$db" receive -w EAST BOLT=5
  for i in recorded shell kept; do copy_database ours $i; done
  for ((i = 0; i <= n; i++)); do
    INVCTL_RECORD=$place/recording quietly "$build/invctl_recording" --db "$(path_of recorded)" receive -w EAST BOLT=5
    # The shell does not know this function; a constant is less work for it.
    "$build/replay" --print "$place/recording" | sed 's/invctl_now()/2000000000000000/g' >"$place/shell-$i.sql"
    { echo '.dbconfig no_ckpt_on_close on'; cat "$place/shell-$i.sql"; } >"$place/kept-$i.sql"
    rm "$place/recording"
  done
  start_pairs shell
  start_pairs kept
  for ((i = 0; i <= n; i++)); do
    measured "$invctl" --db "$db" receive -w EAST BOLT=5
    local us=$took_us peak=$peak_kib side
    for side in shell kept; do
      measured sqlite3 -bail "$(path_of $side)" ".read $place/$side-$i.sql"
      if [ "$i" -gt 0 ]; then note $side "$us" "$took_us" "$peak" "$peak_kib"; fi  # the first round warms up
    done
  done
  same receive "$(content_of recorded)" "$(content_of shell)"
  same receive "$(content_of recorded)" "$(content_of kept)"
  same receive "$(ask ours "SELECT on_hand, version FROM inventory")" "$(ask shell "SELECT on_hand, version FROM inventory")"
  print_line "one \`receive\`, whole process, SQLite" "\`sqlite3\` shell, the same statements" time 0.75 shell
  print_line "the same" "the shell told not to copy the log back at its end" time - kept
}

# --- many at once: the simulator judges each run, and exits with 7 where a number was wrong

simulate() { measured "$invctl" simulate-concurrency --json --window 0 --lock-timeout 600s "$@"; }
peak_of_simulation() { echo $(($(json memory_peak_bytes) / 1024)); }

line_race() {
  local i ours peak
  start_pairs race
  for ((i = 0; i < rounds; i++)); do
    simulate --mode processes --workers 100 --buyers 100 --stock 100
    ours=$(json elapsed_s)
    peak=$(peak_of_simulation)
    simulate --mode processes --workers 100 --buyers 100 --stock 100 --no-turnstile
    note race "$ours" "$(json elapsed_s)" "$peak" "$(peak_of_simulation)"
  done
  in_microseconds race
  print_line "100 processes, 100 units, hot SKU" "the same binary with SQLite's own waiting" faster 80 race
}
in_microseconds() {
  awk '{ print $1 * 1e6, $2 * 1e6, $3, $4 }' "$place/pairs-$1" >"$place/pairs" && mv "$place/pairs" "$place/pairs-$1"
}

line_sustained() {
  local i rate jain peak
  start_pairs sustained
  start_pairs jain
  for ((i = 0; i < rounds; i++)); do
    simulate --mode processes --per-process 0 --workers 100 --buyers $buyers --stock $buyers
    rate=$(json throughput_per_s) jain=$(json fairness.jain) peak=$(peak_of_simulation)
    simulate --mode processes --per-process 0 --workers 100 --buyers $buyers --stock $buyers --no-turnstile
    note sustained "$rate" "$(json throughput_per_s)" "$peak" "$(peak_of_simulation)"
    note jain "$jain" "$(json fairness.jain)" "$peak" "$(peak_of_simulation)"
  done
  print_line "sustained, 100 processes, one SKU" "the same binary with SQLite's own waiting" rate 4 sustained
  print_line "of that, Jain's index" "1: all got the same" index 0.97 jain
}

# How that grows with the processes; each buys until the stock is gone.
line_workers() {
  local workers i rate peak
  for workers in 1 8 32; do
    start_pairs workers
    for ((i = 0; i < rounds; i++)); do
      simulate --mode processes --per-process 0 --workers $workers --buyers $buyers --stock $buyers
      rate=$(json throughput_per_s) peak=$(peak_of_simulation)
      simulate --mode processes --per-process 0 --workers $workers --buyers $buyers --stock $buyers --no-turnstile
      note workers "$rate" "$(json throughput_per_s)" "$peak" "$(peak_of_simulation)"
    done
    print_line "sustained, $workers processes, one SKU" "the same binary with SQLite's own waiting" rate - workers
  done
}

line_combined() {
  local i ours peak
  start_pairs combined
  for ((i = 0; i < rounds; i++)); do
    simulate --strategy combined --workers 100 --buyers $((buyers * 5)) --stock $((buyers * 5))
    ours=$(json throughput_per_s) peak=$(peak_of_simulation)
    measured "$build/sync_floor" "$place" 2000
    note combined "$ours" "$(cat "$place/out")" "$peak" "$peak_kib"
  done
  print_line "\`combined\`, 100 threads" "one fdatasync per operation (measured floor)" rate 8 combined
}
