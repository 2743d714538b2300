# For table.sh: what must not become slower as the data grow. Not to be run.

# compare_flat WHAT AGAINST SMALL LARGE COMMAND...: the command on two databases in turn
compare_flat() {
  local what=$1 against=$2 small large i us peak
  small=$(path_of "$3") large=$(path_of "$4")
  shift 4
  start_pairs flat
  for ((i = 0; i <= rounds * 10; i++)); do
    measured "$invctl" --db "$large" "$@"
    us=$took_us peak=$peak_kib
    measured "$invctl" --db "$small" "$@"
    if [ "$i" -gt 0 ]; then note flat "$us" "$took_us" "$peak" "$peak_kib"; fi
  done
  print_line "$what" "$against" flat 1.5 flat
}

# The same without the process around it: the statements alone, from opening the database to closing it.
compare_flat_statements() {
  local what=$1 against=$2 i side us
  local -A db=([small]=$(path_of "$3") [large]=$(path_of "$4"))
  shift 4
  for side in small large; do
    rm -f "$place/$side.recording"
    INVCTL_RECORD=$place/$side.recording quietly "$build/invctl_recording" --db "${db[$side]}" "$@"
  done
  start_pairs flat
  for ((i = 0; i <= rounds * 10; i++)); do
    measured "$build/replay" "${db[large]}" "$place/large.recording"
    us=$(cut -d' ' -f1 "$place/out")
    measured "$build/replay" "${db[small]}" "$place/small.recording"
    if [ "$i" -gt 0 ]; then note flat "$us" "$(cut -d' ' -f1 "$place/out")" - -; fi
  done
  in_microseconds flat
  print_line "$what" "$against" flat 1.5 flat
}

line_history() {
  local small=$((ledger / 100)) n
  for n in $small $((ledger / 10)) "$ledger"; do make_ledger "$n"; done
  for n in $((ledger / 10)) "$ledger"; do
    compare_flat "history of one item, last 20, of $n movements" "of $small" "$(ledger_name $small)" "$(ledger_name "$n")" \
      history --sku SKU-00042 --limit 20
  done
  compare_flat_statements "the last without the process around it" "of $small" "$(ledger_name $small)" "$(ledger_name "$ledger")" \
    history --sku SKU-00042 --limit 20
}

# Not a question, but it must not become slower either.
line_posting() {
  local small=$((ledger / 100))
  make_ledger "$small"
  make_ledger "$ledger"
  compare_flat "one \`receive\` into $ledger movements" "into $small" "$(ledger_name "$small")" "$(ledger_name "$ledger")" \
    receive -w EAST SKU-00042=1
}

line_stock() {
  local small=10000 large=$((rows * 2)) n
  for n in $small $large; do
    generate "$place/files" "$n"
    new_database "stock-$n"
    quietly "$invctl" --db "$(path_of "stock-$n")" -q seed-from-csv "$place/files"
    quietly ask "stock-$n" "PRAGMA wal_checkpoint(TRUNCATE)"
  done
  compare_flat "a page of stock (50 of $large rows, from the middle)" "of $small rows" "stock-$small" "stock-$large" \
    stock -w EAST --after SKU-0005000 --limit 50
  compare_flat_statements "the same without the process around it" "of $small rows" "stock-$small" "stock-$large" \
    stock -w EAST --after SKU-0005000 --limit 50
  rm -rf "$place/files" "$place/stock-$small" "$place/stock-$large"
}
