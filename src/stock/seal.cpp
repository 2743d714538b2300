#include "stock/seal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {

using HeadPlace = std::pair<std::string, std::string>;
using Heads = std::map<HeadPlace, ChainHead>;

HeadPlace head_place(const ChainHead& head) {
  return {head.warehouse, head.sku};
}

void add_head(FieldText& text, const ChainHead& head) {
  text.add(std::string_view(head.warehouse)).add(std::string_view(head.sku));
  text.add(head.version).add(head.head);
}

// A map of byte strings is in the order that the digest wants.
Digest digest_of(const Heads& heads) {
  FieldText text("invctl-seal-1");
  for (const auto& [place, head] : heads) add_head(text, head);
  return text.digest();
}

std::int64_t movements_of(const Heads& heads) {
  std::int64_t sum = 0;
  for (const auto& [place, head] : heads) sum += head.version;
  return sum;
}

std::string movement_name(const ChainHead& head) {
  return fmt::format("version {} of {} in {}", head.version, text::printable(head.sku),
                     text::printable(head.warehouse));
}

std::string seal_name(const SealRecord& seal) {
  return seal.name ? fmt::format("{} ({})", seal.id, text::printable(*seal.name)) : std::to_string(seal.id);
}

Error bad_seal(std::string_view given) {
  return Error(Exit::usage, fmt::format("{} is not a seal", text::quoted(given)),
               "as `invctl seal` prints it: MOVEMENTS-DIGEST, or the 64 hexadecimal digits alone");
}

}  // namespace

Digest seal_digest(std::vector<ChainHead>& heads) {
  std::sort(heads.begin(), heads.end(), [](const ChainHead& a, const ChainHead& b) {
    return std::tie(a.warehouse, a.sku) < std::tie(b.warehouse, b.sku);
  });
  FieldText text("invctl-seal-1");
  for (const auto& head : heads) add_head(text, head);
  return text.digest();
}

std::string seal_text(std::int64_t movements, const Digest& digest) {
  return fmt::format("{}-{}", movements, to_hex(digest));
}

SealText parse_seal_text(std::string_view given) {
  SealText seal;
  auto hex = given;
  if (const auto dash = given.find('-'); dash != std::string_view::npos) {
    std::string why;
    seal.movements = parse_whole(given.substr(0, dash), why);
    if (!seal.movements) throw bad_seal(given);
    hex = given.substr(dash + 1);
  }
  if (hex.size() != 2 * seal.digest.size()) throw bad_seal(given);
  for (std::size_t i = 0; i < seal.digest.size(); ++i) {
    const auto* end = hex.data() + 2 * i + 2;
    if (std::from_chars(hex.data() + 2 * i, end, seal.digest[i], 16).ptr != end) throw bad_seal(given);
  }
  return seal;
}

namespace {

// Heads that moved since they were last sealed. Throws where one went back or is another.
std::vector<ChainHead> moved_since(SealStore& store, const std::vector<ChainHead>& heads) {
  Heads sealed;
  store.sealed_heads([&](const SealedLine& line) { sealed[head_place(line.head)] = line.head; });
  std::vector<ChainHead> moved;
  for (const auto& head : heads) {
    const auto found = sealed.find(head_place(head));
    if (found == sealed.end()) {
      moved.push_back(head);
      continue;
    }
    const auto before = found->second;
    sealed.erase(found);
    const bool same = before.version == head.version && before.head == head.head;
    if (before.version < head.version) {
      moved.push_back(head);
    } else if (!same) {
      sealed[head_place(before)] = before;
    }
  }
  if (sealed.empty()) return moved;
  throw Error(
      Exit::invariant, "tampered",
      fmt::format("the ledger no longer holds what was sealed: {}", movement_name(sealed.begin()->second)),
      "`invctl verify` names every movement that is missing or changed");
}

SealResult seal_once(SealStore& store, SealRecord seal) {
  store.lock_seals();
  auto heads = store.chain_heads();
  seal.digest = seal_digest(heads);
  seal.inventory_rows = static_cast<std::int64_t>(heads.size());
  seal.movements = 0;
  for (const auto& head : heads) seal.movements += head.version;
  if (seal.name) {
    for (const auto& stored : store.seals()) {
      if (stored.name != seal.name) continue;
      if (stored.digest == seal.digest) return {stored, true};
      throw Error(Exit::conflict, "already_exists",
                  fmt::format("the seal {} is there already, of {} movements", text::printable(*seal.name),
                              stored.movements),
                  "a seal is never changed: choose another --name");
    }
  }
  const auto moved = moved_since(store, heads);
  seal.recorded_at = now_utc();
  store.insert_seal(seal, moved);
  return {seal, false};
}

}  // namespace

SealResult make_seal(SealStore& store, SealRecord seal, const Deadline& deadline) {
  SealResult result;
  write_transaction(store, deadline, "", [&] {
    result = seal_once(store, seal);
    return !result.replayed;
  });
  return result;
}

namespace {

// Walks the seals in order and keeps the heads as each of them saw them.
class SealWalk {
 public:
  SealWalk(std::vector<SealRecord> seals, const VerifyScope& scope, const std::optional<SealText>& wanted)
      : seals_(std::move(seals)), scope_(scope), wanted_(wanted) {
    check_.seals = static_cast<std::int64_t>(seals_.size());
  }

  void line(const SealedLine& line) {
    while (next_ < seals_.size() && seals_[next_].id < line.seal_id) close();
    if (next_ == seals_.size() || seals_[next_].id != line.seal_id) {
      add("seal_line", movement_name(line.head), fmt::format("seal {}", line.seal_id), "none");
      return;
    }
    heads_[head_place(line.head)] = line.head;
    if (line.found == line.head.head) {
      broken_.erase(head_place(line.head));
      return;
    }
    broken_.insert(head_place(line.head));
    if (!scope_.has_row(line.head.warehouse, line.head.sku)) return;
    add("movement", movement_name(line.head),
        fmt::format("the hash {} of seal {}", to_hex(line.head.head), seal_name(seals_[next_])),
        line.found ? to_hex(*line.found) : "none");
  }

  SealCheck finish() {
    while (next_ < seals_.size()) close();
    return std::move(check_);
  }

 private:
  void close() {
    const auto& seal = seals_[next_++];
    const auto digest = digest_of(heads_);
    const auto movements = movements_of(heads_);
    const auto rows = static_cast<std::int64_t>(heads_.size());
    if (digest != seal.digest) add("seal", seal_name(seal), to_hex(digest), to_hex(seal.digest));
    if (movements != seal.movements || rows != seal.inventory_rows) {
      add("seal", seal_name(seal), fmt::format("{} movements of {} rows", movements, rows),
          fmt::format("{} of {}", seal.movements, seal.inventory_rows));
    }
    const bool is_wanted = wanted_ && digest == wanted_->digest;
    if (is_wanted && broken_.empty()) check_.wanted_holds = true;
  }

  void add(std::string table, std::string key, std::string expected, std::string actual) {
    if (scope_.has("seals")) {
      check_.violations.push_back(
          {"seals", std::move(table), std::move(key), std::move(expected), std::move(actual)});
    }
  }

  std::vector<SealRecord> seals_;
  const VerifyScope& scope_;
  const std::optional<SealText>& wanted_;
  std::size_t next_ = 0;
  Heads heads_;
  std::set<HeadPlace> broken_;  // whose newest sealed movement is not in the ledger
  SealCheck check_;
};

}  // namespace

SealCheck check_seals(SealStore& store, const VerifyScope& scope, const std::optional<SealText>& wanted) {
  SealWalk walk(store.seals(), scope, wanted);
  store.sealed_lines([&](const SealedLine& line) { walk.line(line); });
  return walk.finish();
}

}  // namespace invctl
