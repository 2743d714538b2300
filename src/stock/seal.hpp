// Seals: one digest over the heads of all chains, to be kept where the ledger's keeper cannot reach. The
// chain alone does not show that its newest movements were cut off; a seal does.
//
// The digest is SHA-256 over fields joined by tabs (core/sha256.hpp): `invctl-seal-1`, then for each
// inventory row with movements, sorted by warehouse and then by SKU, byte by byte: warehouse, SKU, version,
// head hash in hexadecimal. No database id, name or time is in it: the same history has the same seal on
// every engine.
//
// It is written `MOVEMENTS-DIGEST`: the number of movements up to then lets verify find the sealed state in
// the ledger alone, as that after so many movements in the order of operations, even where the stored seal is
// gone. On a server that holds only where no operation was being committed while the seal was made; the
// stored lines of a seal prove it in any case, and name what is missing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "stock/ledger.hpp"
#include "stock/transactions.hpp"
#include "stock/verify.hpp"

namespace invctl {

// A row of `seal`.
struct SealRecord {
  std::int64_t id = 0;
  std::optional<std::string> name;
  Digest digest{};
  std::int64_t movements = 0, inventory_rows = 0;
  Micros recorded_at = 0;
  std::string actor, host, tool_version;
};

// A row of `seal_line`: only rows that moved since the seal before have one.
struct SealedLine {
  std::int64_t seal_id = 0;
  ChainHead head;
  std::optional<Digest> found;  // the hash of the row's movement of this version, as the ledger has it now
};

class SealStore : public virtual Transactions {
 public:
  // The heads of all rows with movements, in one moment; in no order.
  virtual std::vector<ChainHead> chain_heads() = 0;
  virtual std::vector<SealRecord> seals() = 0;  // by id
  // By seal, without and with a look for what was sealed.
  virtual void sealed_heads(const std::function<void(const SealedLine&)>& line) = 0;
  virtual void sealed_lines(const std::function<void(const SealedLine&)>& line) = 0;
  // Inside a write transaction; fills in the id.
  virtual void lock_seals() = 0;
  virtual void insert_seal(SealRecord& seal, const std::vector<ChainHead>& lines) = 0;
};

// Sorts `heads` and hashes them.
Digest seal_digest(std::vector<ChainHead>& heads);

// "1043-9f86d0..." and back; without the number the digest alone. Throws Error(usage).
struct SealText {
  std::optional<std::int64_t> movements;
  Digest digest{};
};
std::string seal_text(std::int64_t movements, const Digest& digest);
SealText parse_seal_text(std::string_view text);

struct SealResult {
  SealRecord seal;
  bool replayed = false;  // a seal of this name and state is there already
};

// Stores a seal in a transaction of its own. Throws Error: conflict for a name that seals another state
// (already_exists), invariant where the ledger no longer holds what an earlier seal sealed (tampered).
SealResult make_seal(SealStore& store, SealRecord seal, const Deadline& deadline);

// What the seals say against the ledger: each sealed head is still the hash of its movement, and each digest
// is that of its lines. Inside a snapshot. With `wanted`, says whether that digest is the one of a stored
// seal whose lines all hold.
struct SealCheck {
  std::vector<Violation> violations;
  std::int64_t seals = 0;
  bool wanted_holds = false;
};
SealCheck check_seals(SealStore& store, const VerifyScope& scope, const std::optional<SealText>& wanted);

}  // namespace invctl
