# For table.sh: a server, durable as in production: every commit is synced. Not to be run.

start_server() {
  server=$place/server
  TMPDIR=$outer_tmpdir "$root/tests/server/mariadb_fixture.sh" start "$server" --innodb-flush-method=fsync --innodb-buffer-pool-size=512M \
    --innodb-log-file-size=256M
  socket=$(cat "$server/socket")
}
sql() { mariadb --no-defaults -uroot --socket="$socket" "$@"; }
bench_url() { echo "mysql://root@/bench?socket=$socket"; }

sysbench_update() {  # sysbench_update ROWS ACTION
  measured sysbench oltp_update_non_index --db-driver=mysql --mysql-socket="$socket" --mysql-user=root --mysql-db=sysbench \
    --tables=1 --table-size="$1" --rand-type=uniform --threads=8 --time="$seconds" "$2"
}
sysbench_rate() {
  sysbench_update "$1" run
  sed -n 's/.*transactions:.*(\([0-9.]*\) per sec.*/\1/p' "$place/out"
}
buy() {  # buy ROWS BATCH
  sql -e 'DROP DATABASE IF EXISTS bench; CREATE DATABASE bench CHARACTER SET utf8mb4'
  measured "$build/buy_rate" "$(bench_url)" 8 "$seconds" "$1" "$2"
}

line_mariadb() {
  local program count i where single peak theirs
  local what="purchases, MariaDB, 8 connections" against="sysbench, single-row update"
  for program in sysbench mariadb mariadbd; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || { skip_line "$what" "$against" "$program is not installed"; return; }
  done
  start_server
  for count in 1 1000; do
    where=$([ "$count" = 1 ] && echo "one hot row" || echo "$count rows")
    sql -e 'DROP DATABASE IF EXISTS sysbench; CREATE DATABASE sysbench'
    sysbench_update "$count" prepare
    start_pairs single
    start_pairs batch
    for ((i = 0; i < rounds; i++)); do
      buy "$count" 1
      single=$(cat "$place/out") peak=$peak_kib
      theirs=$(sysbench_rate "$count")
      note single "$single" "$theirs" "$peak" -
      buy "$count" 100
      note batch "$(cat "$place/out")" "$theirs" "$peak_kib" -
    done
    # What was measured must be a ledger that holds.
    quietly "$invctl" --db "$(bench_url)" -q verify
    print_line "single $what, $where" "$against" rate 0.8 single
    print_line "batches of 100, MariaDB, 8 connections, $where" "$against" rate 6 batch
  done
  TMPDIR=$outer_tmpdir "$root/tests/server/mariadb_fixture.sh" stop "$server"
  server=
}
