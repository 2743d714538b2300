# What the runs over the real year share; sourced. Expects root, engine, server (may be empty) and invctl.

skip_without() {  # skip_without FILE
  if [ ! -r "$1" ]; then
    echo "SKIPPED: $1 is not there"
    exit 0
  fi
  if [ -n "$server" ] && [ -e "$server/skipped" ]; then
    echo "SKIPPED: $(cat "$server/skipped")"
    exit 0
  fi
}

# Sets place, a directory that goes away at the end, and starts a server with these options where one is needed.
set_up() {  # set_up SERVER-OPTION...
  place=$(mktemp -d)
  own_server=''
  trap leave EXIT
  export HOME=$place INVCTL_ACTOR=clerk LC_ALL=C
  if [ "$engine" = mariadb ] && [ -z "$server" ]; then
    server=$place/server own_server=$place/server
    "$root/tests/server/mariadb_fixture.sh" start "$server" "$@"
    if [ -e "$server/skipped" ]; then exit 0; fi
  fi
  # First match wins: InvoiceNo of a cancellation begins with C.
  printf '%s\n' column,pattern,kind 'InvoiceNo,C*,receive' 'Quantity,-*,adjust' 'InvoiceNo,*,ship' >"$place/kinds.csv"
}
leave() {
  [ -z "$own_server" ] || "$root/tests/server/mariadb_fixture.sh" stop "$own_server"
  rm -rf "$place"
}

sql() { mariadb --no-defaults -uroot --socket="$(cat "$server/socket")" -N "$@"; }

# Sets INVCTL_DB to a fresh database of this name with one warehouse and the products of a file.
fresh_database() {  # fresh_database NAME LINES [SEED-OPTION...]
  if [ "$engine" = sqlite ]; then
    export INVCTL_DB=sqlite:$place/$1.db
  else
    sql -e "CREATE DATABASE $1_$$ CHARACTER SET utf8mb4"
    export INVCTL_DB="mysql://root@/$1_$$?socket=$(cat "$server/socket")"
  fi
  "$invctl" init-db -q --currency GBP >"$place/out"
  "$invctl" warehouse add WHOLESALE -q >"$place/out"
  "$invctl" seed-from-csv -q --products "$2" --map product.sku=StockCode --map product.name=Description \
    --on-duplicate first "${@:3}" >"$place/out" 2>"$place/warnings"
}

# How the invoices are read. docs/cookbook.md has the reasons.
invoice_options() {
  printf '%s\n' --lock-timeout 10m --group-by InvoiceNo --kind-map "$place/kinds.csv" --set warehouse=WHOLESALE \
    --map sku=StockCode --map quantity=Quantity --map reference=InvoiceNo --map occurred_at=InvoiceDate \
    --map reason=Description --reason-default "no reason given"
}
