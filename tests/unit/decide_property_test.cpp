// Random batches through decide() and apply(), each answer compared with a model written independently.
#include <catch2/catch.hpp>
#include <chrono>

#include "naive_model.hpp"
#include "property.hpp"
#include "stock/decide.hpp"
#include "stock_support.hpp"

namespace decide_property_test {

using namespace invctl;
using namespace invctl::test;

namespace {

std::string decimal(NaiveModel::Wide n) {
  if (n < 0) return "-" + decimal(-n);
  return (n >= 10 ? decimal(n / 10) : "") + static_cast<char>('0' + static_cast<int>(n % 10));
}

// Both answers as one text, so that a difference can be read.
std::string written(const std::string& code, std::vector<NaiveModel::Fault> faults,
                    const std::vector<NaiveModel::Move>& moves, NaiveModel::Wide total) {
  std::string out = code;
  std::sort(faults.begin(), faults.end());
  for (const auto& f : faults)
    out.append("\n  ").append(f.warehouse).append("/").append(f.sku).append(" ").append(f.code);
  for (const auto& m : moves) {
    out.append("\n  ").append(m.warehouse).append("/").append(m.sku);
    for (const auto n : {m.delta, m.after, m.reserved, m.version, m.amount})
      out.append(" ").append(decimal(n));
  }
  return out + "\n  total " + decimal(total);
}

std::string written(const Decision& decision) {
  std::vector<NaiveModel::Move> moves;
  for (const auto& m : decision.movements) {
    moves.push_back({m.warehouse, m.sku, m.on_hand_delta, m.on_hand_after, m.reserved_after, m.version,
                     m.amount_minor.value_or(0)});
  }
  std::vector<NaiveModel::Fault> faults;
  if (decision.rejection) {
    for (const auto& l : decision.rejection->lines) {
      const auto text = [&](std::size_t i, const char* name) {
        REQUIRE(l.fields.at(i).first == name);
        const auto* s = std::get_if<std::string>(&l.fields[i].second);
        return s != nullptr ? *s : std::string();
      };
      faults.push_back({text(0, "warehouse"), text(1, "sku"), text(l.fields.size() - 1, "code")});
    }
  }
  return written(decision.rejection ? decision.rejection->code : "", std::move(faults), moves,
                 decision.total_minor.value_or(0));
}

Exit expected_exit(const std::string& code) {
  if (code == "not_found") return Exit::not_found;
  return code == "insufficient_stock" ? Exit::insufficient_stock : Exit::conflict;
}

constexpr Quantity max64 = std::numeric_limits<Quantity>::max();

// The same random world twice: for decide() and for the model.
struct World {
  explicit World(Random& random) {
    // The order by code is not the order by id.
    const std::vector<std::string> codes{"W3", "W1", "한", "W2", "W5"};
    const std::vector<std::string> skus{"A", "a", "상품", "B"};
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const bool retired = random.one_in(6);
      book.add(WarehouseInfo{static_cast<std::int64_t>(i) + 1, codes[i], retired});
      model.warehouses[codes[i]] = retired;
    }
    for (std::size_t i = 0; i < skus.size(); ++i) {
      ProductInfo product{static_cast<std::int64_t>(i) + 1, skus[i], std::nullopt, random.one_in(8)};
      if (!random.one_in(6)) product.price_minor = random.magnitude(random.one_in(4) ? max64 : 1000);
      book.add(product);
      model.products[skus[i]] = {product.retired, product.price_minor.has_value(),
                                 product.price_minor.value_or(0)};
      for (std::size_t w = 0; w < codes.size(); ++w) {
        if (random.one_in(4)) continue;  // no row
        InventoryRow row;
        row.id = static_cast<std::int64_t>(w * 100 + i + 1);
        row.key = {static_cast<std::int64_t>(w) + 1, product.id};
        row.on_hand = random.magnitude(random.one_in(3) ? max64 : 20);
        row.reserved = random.one_in(2) ? 0 : random.magnitude(row.on_hand);
        row.version = random.magnitude(1'000'000);
        book.add(row);
        model.stock[{codes[w], skus[i]}] = {row.on_hand, row.reserved, row.version};
      }
    }
    warehouses = codes;
    warehouses.push_back("nowhere");
    products = skus;
    products.push_back("nothing");
  }

  Operation random_operation(Random& random) const {
    Operation o = operation(random.pick(std::vector<Kind>{Kind::receive, Kind::ship, Kind::ship, Kind::adjust,
                                                          Kind::purchase, Kind::purchase, Kind::opening}),
                            {});
    for (auto n = random.between(1, 4); n > 0; --n) {
      const auto warehouse = random.one_in(40) ? warehouses.back() : warehouses[pick(random, warehouses)];
      const auto sku = random.one_in(40) ? products.back() : products[pick(random, products)];
      auto l = line(warehouse, sku, random.magnitude(random.one_in(4) ? max64 : 20));
      if (o.kind == Kind::purchase && random.one_in(2)) l.warehouse.reset();
      if (o.kind == Kind::adjust) {
        if (random.one_in(3)) {
          l.mode = Line::Mode::set;
          const auto now = model.stock.find({warehouse, sku});
          if (random.one_in(2)) {
            l.expect = now == model.stock.end() || random.one_in(4)
                           ? random.between(0, 3)
                           : static_cast<Quantity>(now->second.on_hand);
          }
        } else if (random.one_in(2)) {
          l.quantity = -l.quantity;
        }
      } else if (o.kind != Kind::opening && l.quantity == 0) {
        l.quantity = 1;
      }
      o.lines.push_back(std::move(l));
    }
    return o;
  }

  static std::size_t pick(Random& random, const std::vector<std::string>& names) {
    return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(names.size()) - 2));
  }

  Book book;
  NaiveModel model;
  std::vector<std::string> warehouses, products;  // the last of each does not exist
};

void require_balances_agree(const World& world) {
  for (const auto& [name, expected] : world.model.stock) {
    const auto* warehouse = world.book.warehouse(name.first);
    const auto* product = world.book.product(name.second);
    if (warehouse == nullptr || product == nullptr) continue;
    const auto row = world.book.row({warehouse->id, product->id});
    REQUIRE(row.on_hand == static_cast<Quantity>(expected.on_hand));
    REQUIRE(row.reserved == static_cast<Quantity>(expected.reserved));
    REQUIRE(row.version == static_cast<std::int64_t>(expected.version));
    REQUIRE(row.reserved >= 0);
    REQUIRE(row.on_hand >= row.reserved);
  }
}

// The fewest warehouses that can serve `quantity`, by trying every set of them.
int fewest(const std::vector<NaiveModel::Wide>& available, NaiveModel::Wide quantity) {
  int best = static_cast<int>(available.size()) + 1;
  for (unsigned set = 0; set < 1U << available.size(); ++set) {
    NaiveModel::Wide sum = 0;
    int size = 0;
    for (std::size_t i = 0; i < available.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      sum += available[i];
      ++size;
    }
    if (sum >= quantity) best = std::min(best, size);
  }
  return best;
}

}  // namespace

TEST_CASE("decide answers thousands of random batches as the naive model does") {
  Random random;
  INFO(random);
  std::map<std::string, int> seen;
  const auto begin = std::chrono::steady_clock::now();
  int decided = 0;
  for (int batch = 0; batch < 1000; ++batch) {
    World world(random);
    for (auto n = random.between(1, 12); n > 0; --n) {
      auto o = world.random_operation(random);
      try {
        normalise_lines(o.lines);
        check_operation(o);
      } catch (const Error& error) {
        REQUIRE(error.exit == Exit::usage);  // such as a value that is set twice
        continue;
      }
      const auto decision = decide(world.book, o);
      const auto answer = world.model.post(o);
      ++decided;
      ++seen[answer.code];
      INFO("batch " << batch << ", decision " << decided << ", " << kind_name(o.kind));
      REQUIRE(written(decision) == written(answer.code, answer.faults, answer.moves, answer.total));
      if (decision.accepted()) {
        apply(world.book, o, decision);
      } else {
        REQUIRE(decision.rejection->exit == expected_exit(answer.code));
        REQUIRE_FALSE(decision.rejection->message.empty());
      }
      require_balances_agree(world);
    }
  }
  // Or the batches were too tame to show anything.
  CAPTURE(decided);
  for (const char* code :
       {"", "not_found", "retired", "precondition_failed", "no_price", "overflow", "insufficient_stock"}) {
    INFO("code " << code << ": " << seen[code]);
    CHECK(seen[code] > 5);
  }
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  INFO(decided << " decisions, " << decided / took << " per second with the model");
  CHECK(decided > 4000);
}

TEST_CASE("an allocation uses as few warehouses as any could, in the documented order") {
  Random random;
  INFO(random);
  int split = 0;
  for (int i = 0; i < 1000; ++i) {
    Book book;
    book.add(ProductInfo{1, "A", 1, false});
    std::vector<NaiveModel::Wide> available;
    for (std::int64_t w = 1; w <= 7; ++w) {
      book.add(WarehouseInfo{w, "W" + std::to_string(8 - w), false});
      InventoryRow row;
      row.id = w;
      row.key = {w, 1};
      row.on_hand = random.between(0, 8);
      row.reserved = random.between(0, row.on_hand);
      book.add(row);
      available.push_back(row.available());
    }
    const auto quantity = random.between(1, 25);
    const auto decision = decide(book, operation(Kind::purchase, {line("", "A", quantity)}));
    const auto least = fewest(available, quantity);
    REQUIRE(decision.accepted() == (least <= 7));
    if (!decision.accepted()) continue;
    REQUIRE(static_cast<int>(decision.movements.size()) == least);
    split += least > 1 ? 1 : 0;
    Quantity taken = 0;
    for (std::size_t m = 0; m < decision.movements.size(); ++m) {
      const auto& movement = decision.movements[m];
      const auto before = book.row(movement.key).available();
      taken -= movement.on_hand_delta;
      REQUIRE(movement.on_hand_delta < 0);
      // All but the last are emptied, and each had at least as much as the next; of equals the first by code.
      if (m + 1 == decision.movements.size()) continue;
      const auto& next = decision.movements[m + 1];
      REQUIRE(-movement.on_hand_delta == before);
      REQUIRE(before >= book.row(next.key).available());
      if (before == book.row(next.key).available()) REQUIRE(movement.warehouse < next.warehouse);
    }
    REQUIRE(taken == quantity);
  }
  CHECK(split > 100);
}

}  // namespace decide_property_test
