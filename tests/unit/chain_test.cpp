// The hash chain, recomputed from the strings that src/stock/chain.hpp documents and by nothing else.
#include "stock/chain.hpp"

#include <catch2/catch.hpp>

#include "core/sha256.hpp"
#include "memory_store.hpp"
#include "property.hpp"
#include "stock/ledger.hpp"
#include "stock_support.hpp"

namespace chain_test {

using namespace invctl;
using namespace invctl::test;

namespace {

std::string escaped(const std::string& s) {
  std::string out;
  for (const char c : s) {
    out += c == '\\' ? "\\\\" : c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : std::string(1, c);
  }
  return out;
}
std::string maybe(const std::optional<std::string>& s) {
  return s ? escaped(*s) : "\\N";
}
std::string joined(const std::vector<std::string>& fields) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) out += (i > 0 ? "\t" : "") + fields[i];
  return out;
}
std::string n(std::int64_t number) {
  return std::to_string(number);
}

// What a stranger would compute for a stored operation.
std::string hash_of(const StoredOperation& stored) {
  const auto& o = stored.record;
  std::vector<std::string> fields{"invctl-operation-1",
                                  to_hex(o.uid),
                                  std::string(kind_name(o.kind)),
                                  o.accepted ? "accepted" : "rejected",
                                  escaped(o.actor),
                                  maybe(o.reference),
                                  maybe(o.reason),
                                  maybe(o.note),
                                  escaped(o.key),
                                  to_hex(o.request_hash),
                                  o.reverses_uid ? to_hex(*o.reverses_uid) : "\\N",
                                  n(o.recorded_at),
                                  n(o.occurred_at),
                                  escaped(o.host),
                                  escaped(o.tool_version),
                                  maybe(o.result)};
  for (const auto& p : stored.purchases) {
    for (const auto& field : {n(p.line), escaped(p.user), escaped(p.warehouse), escaped(p.sku), n(p.quantity),
                              n(p.unit_price_minor), n(p.total_minor)}) {
      fields.push_back(field);
    }
  }
  return to_hex(sha256(joined(fields)));
}

std::string hash_of(const MovementRecord& m, Kind kind, const std::string& previous,
                    const std::string& operation) {
  return to_hex(sha256(joined({"invctl-movement-1", previous, operation, n(m.line), escaped(m.warehouse),
                               escaped(m.sku), std::string(kind_name(kind)), n(m.version), n(m.on_hand_delta),
                               n(m.reserved_delta), n(m.on_hand_after), n(m.reserved_after)})));
}

// The first thing wrong with the ledger, or empty.
std::string fault_of(const MemoryStore::State& state) {
  std::map<InventoryKey, std::string> heads;
  std::map<InventoryKey, Quantity> sums;
  std::map<InventoryKey, std::int64_t> versions;
  for (const auto& stored : state.operations) {
    const auto operation = hash_of(stored);
    if (operation != to_hex(stored.record.hash)) return "operation " + stored.record.key;
    for (const auto& m : stored.movements) {
      const auto head = heads.try_emplace(m.key, std::string(64, '0')).first;
      head->second = hash_of(m, stored.record.kind, head->second, operation);
      if (head->second != to_hex(m.hash)) return "movement " + m.sku + " v" + n(m.version);
      if (m.version != ++versions[m.key]) return "gap at " + m.sku + " v" + n(m.version);
      if ((sums[m.key] += m.on_hand_delta) != m.on_hand_after) return "sum of " + m.sku;
    }
  }
  for (const auto& [key, row] : state.rows) {
    if (heads[key] != to_hex(row.head)) return "head of " + n(key.product_id);
    if (sums[key] != row.on_hand || versions[key] != row.version) return "balance of " + n(key.product_id);
  }
  return "";
}

MemoryStore shop() {
  MemoryStore store;
  store.add_warehouse("EAST");
  store.add_warehouse("W\\N");
  store.add_product("BOLT", 250);
  store.add_product("상품\\t", 0);
  return store;
}

// Several batches in which every kind of operation, of answer and of awkward text occurs.
void trade(MemoryStore& store, Random& random) {
  Ledger ledger(store, {"host", "1"});
  for (int b = 0; b < 5; ++b) {
    std::vector<Operation> batch;
    for (int i = 0; i < 12; ++i) {
      const auto kind = random.pick(
          std::vector<Kind>{Kind::receive, Kind::receive, Kind::ship, Kind::adjust, Kind::purchase});
      auto o = operation(kind, {}, "key \\" + n(b) + "/" + n(i));
      for (const char* sku : {"BOLT", "상품\\t"}) {
        if (o.lines.empty() || random.one_in(2)) {
          o.lines.push_back(line(random.one_in(2) ? "EAST" : "W\\N", sku, random.between(1, 9)));
          if (kind == Kind::purchase && random.one_in(2)) o.lines.back().warehouse.reset();
        }
      }
      // At least one of each kind of answer, whatever the dice say.
      if (i == 0) o = operation(Kind::receive, {line("EAST", "BOLT", 9)}, *o.key);
      if (i == 1) o = operation(Kind::purchase, {line("", "BOLT", 2)}, *o.key);
      if (i == 2) o = operation(Kind::ship, {line("EAST", "BOLT", 1000)}, *o.key);
      if (random.one_in(2)) o.note = random.pick(std::vector<std::string>{"", "\\N", "a\\tb", "메모"});
      if (random.one_in(2)) o.reference = "R-" + n(i);
      batch.push_back(std::move(o));
    }
    ledger.post(batch, {});
  }
}

}  // namespace

TEST_CASE("the chain over several batches is what the documented strings give") {
  Random random;
  INFO(random);
  auto store = shop();
  trade(store, random);
  CHECK(fault_of(store.stored()) == "");
  int rejected = 0;
  int purchases = 0;
  std::int64_t longest = 0;
  for (const auto& stored : store.stored().operations) {
    rejected += stored.record.accepted ? 0 : 1;
    purchases += stored.purchases.empty() ? 0 : 1;
  }
  for (const auto& [key, row] : store.stored().rows) longest = std::max(longest, row.version);
  CHECK(store.stored().operations.size() == 60);
  CHECK(rejected >= 5);
  CHECK(purchases >= 5);
  CHECK(longest > 5);
}

TEST_CASE("the first hashes of a ledger are known") {
  auto store = shop();
  Ledger ledger(store, {"host", "1"});
  auto o = operation(Kind::receive, {line("EAST", "BOLT", 5)}, "K");
  o.occurred_at = 3;
  std::vector<Operation> batch{o};
  ledger.post(batch, {});
  const auto& stored = store.stored().operations.at(0);
  const auto request =
      to_hex(sha256("invctl-request-1\treceive\t\\N\t\\N\t\\N\t1\tEAST\tBOLT\tdelta\t5\t\\N"));
  const auto by = sha256("invctl-operation-1\t" + to_hex(stored.record.uid) +
                         "\treceive\taccepted\ttester\t\\N\t\\N\t\\N\tK\t" + request + "\t\\N\t" +
                         n(stored.record.recorded_at) + "\t3\thost\t1\t\\N");
  CHECK(to_hex(stored.record.hash) == to_hex(by));
  CHECK(to_hex(store.row("EAST", "BOLT").head) ==
        to_hex(sha256("invctl-movement-1\t" + std::string(64, '0') + "\t" + to_hex(by) +
                      "\t1\tEAST\tBOLT\treceive\t1\t5\t0\t5\t0")));
}

TEST_CASE("whatever is changed in the ledger afterwards shows") {
  using Change = std::function<void(MemoryStore::State&)>;
  // The operation of the first accepted purchase, which others follow.
  const auto purchase = [](MemoryStore::State& s) -> StoredOperation& {
    for (auto& stored : s.operations) {
      if (!stored.purchases.empty()) return stored;
    }
    throw std::logic_error("no purchase");
  };
  const std::vector<std::pair<std::string, Change>> changes{
      {"actor", [&](auto& s) { purchase(s).record.actor += "x"; }},
      {"reference", [&](auto& s) { purchase(s).record.reference = "\\N"; }},
      {"reason", [&](auto& s) { purchase(s).record.reason = ""; }},
      {"note", [&](auto& s) { purchase(s).record.note = "x"; }},
      {"key", [&](auto& s) { purchase(s).record.key = "x"; }},
      {"kind", [&](auto& s) { purchase(s).record.kind = Kind::ship; }},
      {"outcome", [&](auto& s) { purchase(s).record.accepted = false; }},
      {"uid", [&](auto& s) { purchase(s).record.uid[0] ^= 1; }},
      {"reversed", [&](auto& s) { purchase(s).record.reverses_uid = Uid{}; }},
      {"request", [&](auto& s) { purchase(s).record.request_hash[31] ^= 1; }},
      {"recorded", [&](auto& s) { purchase(s).record.recorded_at += 1; }},
      {"occurred", [&](auto& s) { purchase(s).record.occurred_at -= 1; }},
      {"host", [&](auto& s) { purchase(s).record.host = "x"; }},
      {"tool version", [&](auto& s) { purchase(s).record.tool_version = "x"; }},
      {"result", [&](auto& s) { purchase(s).record.result = "{}"; }},
      {"price", [&](auto& s) { purchase(s).purchases[0].unit_price_minor += 1; }},
      {"total", [&](auto& s) { purchase(s).purchases[0].total_minor += 1; }},
      {"buyer", [&](auto& s) { purchase(s).purchases[0].user = "bob"; }},
      {"bought", [&](auto& s) { purchase(s).purchases[0].quantity += 1; }},
      {"no purchase", [&](auto& s) { purchase(s).purchases.clear(); }},
      {"delta", [&](auto& s) { purchase(s).movements[0].on_hand_delta -= 1; }},
      {"after", [&](auto& s) { purchase(s).movements[0].on_hand_after += 1; }},
      {"reserved", [&](auto& s) { purchase(s).movements[0].reserved_after += 1; }},
      {"reserved delta", [&](auto& s) { purchase(s).movements[0].reserved_delta += 1; }},
      {"line", [&](auto& s) { purchase(s).movements[0].line += 1; }},
      {"warehouse", [&](auto& s) { purchase(s).movements[0].warehouse = "X"; }},
      {"sku", [&](auto& s) { purchase(s).movements[0].sku = "X"; }},
      {"lost movement", [&](auto& s) { purchase(s).movements.clear(); }},
      {"lost operation", [&](auto& s) { s.operations.erase(s.operations.begin()); }},
      {"swapped", [&](auto& s) { std::swap(s.operations[0], s.operations[1]); }},
      {"balance", [&](auto& s) { s.rows.begin()->second.on_hand += 1; }},
      {"head", [&](auto& s) { s.rows.begin()->second.head[0] ^= 1; }},
      {"version", [&](auto& s) { s.rows.begin()->second.version += 1; }},
  };
  Random random;
  INFO(random);
  auto store = shop();
  Ledger ledger(store, {"host", "1"});
  std::vector<Operation> batch{operation(Kind::receive, {line("EAST", "BOLT", 9)}, "A"),
                               operation(Kind::receive, {line("EAST", "BOLT", 1)}, "B"),
                               operation(Kind::purchase, {line("EAST", "BOLT", 2)}, "C")};
  ledger.post(batch, {});
  trade(store, random);
  REQUIRE(fault_of(store.stored()) == "");
  for (const auto& [name, change] : changes) {
    auto copy = store.stored();
    change(copy);
    INFO(name);
    CHECK(fault_of(copy) != "");
  }
}

}  // namespace chain_test
