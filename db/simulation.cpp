#include "simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "core/text.hpp"
#include "simulation_locks.hpp"
#include "sql_inventory.hpp"
#include "url.hpp"

namespace invctl::db {

namespace {

constexpr std::chrono::seconds creation_patience{10};

class SimulationSession : public sim::Session, public sim::ClaimStore {
 public:
  SimulationSession(const std::string& url, const SimulationOptions& options, const OpenOptions& open)
      : store_(open_store(url, open)) {
    switch (options.strategy->exclusion) {
      case sim::Exclusion::none:
        break;
      case sim::Exclusion::named:
        excluder_ = make_named_locks(url, *store_);
        break;
      case sim::Exclusion::expiring:
        excluder_ = make_expiring_locks(*store_, options.time_to_live, options.fence);
        break;
    }
  }

  PostingStore& store() override { return *store_; }
  sim::ClaimStore* claims() override { return this; }
  sim::Excluder* excluder() override { return excluder_.get(); }

  Quantity available(const std::string& warehouse, const std::string& sku) override {
    Quantity found = 0;
    StockFilter filter;
    filter.warehouse = warehouse;
    filter.sku = sku;
    store_->stock(filter, [&](const StockEntry& entry) { found = entry.available(); });
    return found;
  }

  // Each change, whether it was made, and at the end the rows: on a server one round trip where it is one
  // row, so that it is locked no longer than that takes.
  Made claim(std::span<const sim::Claim> claims) override {
    Made result;
    auto& connection = store_->connection();
    for (const auto& [row, delta] : claims) {
      Query update(connection,
                   "UPDATE inventory SET on_hand = on_hand + ?, version = version + 1 "
                   "WHERE id = ? AND on_hand - reserved + ? >= 0");
      update.bind(delta).bind(row.id).bind(delta).run_later();
      Query matched(connection, std::string(connection.dialect().rows_matched));
      matched.ask_later();
      const bool is_last = result.made.size() + 1 == claims.size();
      std::optional<Query> rows;
      if (is_last) ask_rows(rows, claims);
      result.made.push_back(matched.next() && matched.integer(0) == 1);
      if (is_last) read_inventory(*rows, result.rows);
    }
    return result;
  }

 private:
  void ask_rows(std::optional<Query>& rows, std::span<const sim::Claim> claims) {
    rows.emplace(store_->connection(), fmt::format("SELECT {} FROM inventory WHERE id IN ({}) ORDER BY id",
                                                   inventory_columns, placeholders(claims.size())));
    for (const auto& claim : claims) rows->bind(claim.row.id);
    rows->ask_later();
  }

  std::unique_ptr<SqlStore> store_;
  std::unique_ptr<sim::Excluder> excluder_;
};

OpenOptions open_options(const SimulationOptions& options) {
  const auto& strategy = *options.strategy;
  return {.turnstile = options.turnstile && strategy.turnstile,
          .guards = {.lock = strategy.lock,
                     .relative = strategy.relative,
                     .versioned = strategy.versioned,
                     .serializable = strategy.serializable,
                     .claimed = strategy.way == sim::Way::claim}};
}

}  // namespace

std::unique_ptr<sim::Session> open_simulation(const std::string& url, const SimulationOptions& options) {
  const auto mine = rotate_hosts(url, options.first_host);
  const auto patience = Deadline::after(creation_patience);
  for (;;) {
    try {
      return std::make_unique<SimulationSession>(mine, options, open_options(options));
    } catch (const Error& error) {
      if (error.exit != Exit::unavailable || count_hosts(url) < 2 || patience.passed()) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void prepare_simulation(const std::string& url, const sim::Strategy& strategy,
                        const std::vector<std::string>& names) {
  if (strategy.exclusion != sim::Exclusion::expiring) return;
  create_expiring_locks(*open_connection(url), names);
}

std::size_t count_hosts(const std::string& url) {
  return parse_url(url).hosts.size();
}

std::string rotate_hosts(const std::string& url, std::size_t n) {
  const auto hosts = count_hosts(url);
  if (hosts < 2) return url;
  const auto scheme = url.find("://") + 3;
  const auto slash = std::min(url.find('/', scheme), url.size());
  const auto at = url.rfind('@', slash);
  const auto first = at == std::string::npos || at < scheme ? scheme : at + 1;
  const auto list = url.substr(first, slash - first);
  auto names = text::split(list, ',');
  std::rotate(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(n % hosts), names.end());
  std::string rotated;
  for (const auto name : names) rotated += (rotated.empty() ? "" : ",") + std::string(name);
  return url.substr(0, first) + rotated + url.substr(slash);
}

}  // namespace invctl::db
