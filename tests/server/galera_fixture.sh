#!/usr/bin/env bash
# A Galera cluster of three MariaDB nodes on loopback, for tests.
#
#   galera_fixture.sh start DIR       DIR/1, DIR/2 and DIR/3 hold each node's port, socket and pid
#   galera_fixture.sh join DIR N      node N again, after it was killed, on the data it had
#   galera_fixture.sh bootstrap DIR N the same for a cluster that has no node left: N begins it anew
#   galera_fixture.sh stop DIR        ends the nodes and removes their data
#
# Its account root has no password. Where Galera or the scripts by which a node copies another one are missing,
# `start` writes why to DIR/skipped and succeeds. As in mariadb_fixture.sh nothing is synced to the disk, and the
# data directory is a copy of that one's template.
set -euo pipefail
command=${1:?start, join, bootstrap or stop}
dir=${2:?a directory}
PATH=$PATH:/usr/sbin  # where the server is, and where users other than root do not look
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-${TMPDIR:-/tmp}}/invctl-tests-$(id -u)
# Unpacked there by scripts/install-deps --galera: installing the package would start a service.
scripts=$(dirname "$(PATH=$PATH:$cache/mariadb-server/usr/bin command -v wsrep_sst_rsync || echo none/none)")
provider=$(ls /usr/lib/galera/libgalera_smm.so /usr/lib64/galera-4/libgalera_smm.so 2>/dev/null | head -1 || true)

server_user=()
if [ "$(id -u)" = 0 ]; then server_user=(--user=nobody); fi  # the server refuses to run as root

skip() {
  echo "SKIPPED: $1"
  echo "$1" >"$dir/skipped"
  exit 0
}

sql() {  # sql NODE STATEMENT
  mariadb --no-defaults -uroot --connect-timeout=2 --socket="$(cat "$dir/$1/socket")" -N -B -e "$2" 2>/dev/null
}

running() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

launch() {  # launch NODE [SERVER-OPTION...]
  local n=$1 base data
  shift
  base=$(cat "$dir/base")
  data=$(cat "$dir/data")/$n
  PATH=$(cat "$dir/data")/bin:$PATH setsid mariadbd --no-defaults ${server_user[@]+"${server_user[@]}"} --datadir="$data" --socket="$data/sock" \
    --pid-file="$data/pid" --log-error="$data/error.log" --bind-address=127.0.0.1 --port=$((base + n)) \
    --skip-name-resolve --character-set-server=utf8mb4 --collation-server=utf8mb4_bin \
    --innodb-log-file-size=4M --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=1 \
    --innodb-flush-method=nosync --sync-frm=0 --max-connections=300 \
    --binlog-format=ROW --innodb-autoinc-lock-mode=2 --wsrep-on=ON --wsrep-provider="$provider" \
    --wsrep-cluster-name=invctl --wsrep-node-name="n$n" \
    --wsrep-cluster-address="gcomm://127.0.0.1:$((base + 11)),127.0.0.1:$((base + 12)),127.0.0.1:$((base + 13))" \
    --wsrep-node-address=127.0.0.1 --wsrep-node-incoming-address="127.0.0.1:$((base + n))" \
    --wsrep-sst-method=rsync --wsrep-sst-receive-address="127.0.0.1:$((base + 30 + n))" --wsrep-slave-threads=2 \
    --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$((base + 10 + n));ist.recv_addr=127.0.0.1:$((base + 20 + n));gcache.size=16M;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT8S" \
    "$@" </dev/null >/dev/null 2>&1 &
  local pid=$!
  echo "$pid" >"$dir/$n/pid"
  for _ in $(seq 600); do
    if [ "$(sql "$n" "SHOW STATUS LIKE 'wsrep_ready'" | cut -f2)" = ON ] &&
      [ "$(sql "$n" "SHOW STATUS LIKE 'wsrep_local_state_comment'" | cut -f2)" = Synced ]; then
      return 0
    fi
    running "$pid" || break
    sleep 0.1
  done
  echo "node $n does not start:" >&2
  tail -20 "$data/error.log" >&2
  return 1
}

end_node() {  # end_node NODE
  local pid
  pid=$(cat "$dir/$1/pid" 2>/dev/null || true)
  running "$pid" || return 0
  # The number may be another program's by now.
  grep -qa mariadbd "/proc/$pid/cmdline" || return 0
  kill -9 "$pid"
  for _ in $(seq 100); do
    running "$pid" || return 0
    sleep 0.05
  done
}

# Ports base+1 to base+33: the nodes' own, and those for the group, for catching up and for copying.
free_base() {
  local base port free
  while :; do
    base=$((20000 + RANDOM % 11000))
    free=true
    for port in 1 2 3 11 12 13 21 22 23 31 32 33; do
      if (exec 3<>"/dev/tcp/127.0.0.1/$((base + port))") 2>/dev/null; then free=false; fi
    done
    if [ "$free" = true ]; then echo "$base"; return; fi
  done
}

case "$command" in
  start)
    mkdir -p "$dir"
    [ ! -e "$dir/data" ] || "$0" stop "$dir"
    rm -f "$dir/skipped"
    for program in mariadbd mariadb mariadb-install-db rsync lsof ss; do
      command -v "$program" >/dev/null || skip "$program is not installed"
    done
    [ -n "$provider" ] || skip "the package galera-4 is not installed"
    [ "$scripts" != none ] ||
      skip "wsrep_sst_rsync is missing: scripts/install-deps --galera unpacks it"
    data=$(mktemp -d "${TMPDIR:-/tmp}/invctl-galera-XXXXXX")
    chmod 755 "$data"
    echo "$data" >"$dir/data"
    mkdir "$data/bin"
    cp "$scripts"/wsrep_sst_* "$data/bin"  # where the servers' own user can read them
    template=$("$here/mariadb_fixture.sh" template "$dir")
    for n in 1 2 3; do
      mkdir -p "$dir/$n"
      cp -a "$template" "$data/$n"
      echo "$data/$n/sock" >"$dir/$n/socket"
    done
    for try in 1 2 3; do
      free_base >"$dir/base"
      for n in 1 2 3; do echo $(($(cat "$dir/base") + n)) >"$dir/$n/port"; done
      if launch 1 --wsrep-new-cluster; then break; fi
      end_node 1
      [ "$try" -lt 3 ] || exit 1
    done
    launch 2
    launch 3
    ;;
  join) launch "${3:?a node}" ;;
  bootstrap)
    # It was not the last to leave in good order, and is told that it may begin all the same.
    sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' "$(cat "$dir/data")/${3:?a node}/grastate.dat"
    launch "$3" --wsrep-new-cluster
    ;;
  stop)
    [ -e "$dir/data" ] || exit 0
    for n in 1 2 3; do end_node "$n"; done
    data=$(cat "$dir/data")
    case "$data" in */invctl-galera-*) rm -rf "$data" ;; esac
    rm -rf "$dir/data" "$dir/base" "$dir/1" "$dir/2" "$dir/3"
    ;;
  *)
    sed -n '2,11s/^# \?//p' "$0" >&2
    exit 2
    ;;
esac
