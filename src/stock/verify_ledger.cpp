// Reading a whole ledger through the verifier: one thread reads, one follows the rows, others hash
// (hash_check.hpp).
#include <cstdint>
#include <vector>

#include "core/behind.hpp"
#include "stock/verify.hpp"

namespace invctl {

namespace {

constexpr std::size_t rows_most = 4096;     // in a batch
constexpr std::size_t batches_most = 8;     // in line
constexpr std::size_t purchases_kept = 32;  // that an operation has room for

// Rows that can be filled again in the memory that they have.
template <class Row>
class Rows {
 public:
  void add(const Row& row) {
    if (size_ < rows_.size()) {
      rows_[size_] = row;
    } else {
      rows_.push_back(row);
    }
    ++size_;
  }
  void clear() { size_ = 0; }
  Row* begin() { return rows_.data(); }

 private:
  std::vector<Row> rows_;
  std::size_t size_ = 0;
};

// A piece of the ledger, in the order in which it was read.
class LedgerBatch {
 public:
  void add(const OperationEntry& entry) {
    operations_.add(entry);
    order_.push_back(What::operation);
  }
  void add(const MovementEntry& entry) {
    movements_.add(entry);
    order_.push_back(What::movement);
  }
  void add(const OrphanPurchase& entry) {
    orphans_.add(entry);
    order_.push_back(What::orphan);
  }
  bool full() const { return order_.size() >= rows_most; }

  void pass_to(LedgerVerifier& verifier) {
    auto* operation = operations_.begin();
    const auto* movement = movements_.begin();
    const auto* orphan = orphans_.begin();
    for (const auto what : order_) {
      switch (what) {
        case What::operation:
          verifier.operation(*operation);
          // Each of thousands would keep what the largest that it ever held took.
          if (operation->purchases.capacity() > purchases_kept) operation->purchases = {};
          ++operation;
          break;
        case What::movement:
          verifier.movement(*movement++);
          break;
        case What::orphan:
          verifier.orphan(*orphan++);
          break;
      }
    }
    order_.clear();
    operations_.clear();
    movements_.clear();
    orphans_.clear();
  }

 private:
  enum class What : std::uint8_t { operation, movement, orphan };
  std::vector<What> order_;
  Rows<OperationEntry> operations_;
  Rows<MovementEntry> movements_;
  Rows<OrphanPurchase> orphans_;
};

// Everything into the verifier. False where the ledger was to be read as it was written, but is not in order.
bool feed(LedgerReader& reader, LedgerVerifier& verifier, bool as_written) {
  reader.balances([&](const BalanceEntry& entry) { verifier.balance(entry); });
  Behind<LedgerBatch> following([&](LedgerBatch& batch) { batch.pass_to(verifier); }, batches_most);
  LedgerBatch batch;
  const auto add = [&](const auto& entry) {
    batch.add(entry);
    if (!batch.full()) return;
    following.give(std::move(batch));
    batch = following.fresh();
  };
  const LedgerSink sink{add, add, add};
  if (!as_written) {
    reader.ledger(sink);
  } else if (!reader.ledger_as_written(sink)) {
    return false;
  }
  following.finish();
  batch.pass_to(verifier);
  verifier.begin_holds();
  reader.holds([&](const Hold& hold) { verifier.hold(hold); });
  return true;
}

}  // namespace

VerifyReport report_of(LedgerVerifier& verifier, const VerifyScope& scope) {
  VerifyReport report;
  report.violations = verifier.finish();
  report.differences = verifier.differences();
  if (verifier.holds_differ()) report.holds = verifier.open_holds();
  report.heads = verifier.heads();
  if (scope.heads_after) report.heads_now = verifier.heads_now();
  report.balances = verifier.balances();
  report.operations = verifier.operations();
  report.movements = verifier.movements();
  return report;
}

VerifyReport verify_ledger(LedgerReader& reader, const VerifyScope& scope) {
  if (reader.ids_ascend()) {
    LedgerVerifier verifier(scope, true);
    if (feed(reader, verifier, true)) return report_of(verifier, scope);
  }
  LedgerVerifier verifier(scope, reader.ids_ascend());
  feed(reader, verifier, false);
  return report_of(verifier, scope);
}

}  // namespace invctl
