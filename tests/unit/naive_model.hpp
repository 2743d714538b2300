// What the rules of design section 4 say, written a second time and as plainly as possible: maps by name,
// 128-bit numbers, everything tried on a copy. decide() is compared with it. It shares no code with src/stock
// but the types of an operation.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stock/operation.hpp"

namespace invctl::test {

class NaiveModel {
 public:
  using Wide = __int128;
  static constexpr Wide largest = std::numeric_limits<std::int64_t>::max();

  struct Stock {
    Wide on_hand = 0, reserved = 0, version = 0;
  };
  struct Product {
    bool retired = false;
    bool has_price = false;
    Wide price = 0;
  };
  struct Move {
    std::string warehouse, sku;
    Wide delta, after, reserved, version;
    Wide amount;  // 0 but for purchases
  };
  struct Fault {
    std::string warehouse, sku, code;
    friend auto operator<=>(const Fault&, const Fault&) = default;
  };
  struct Answer {
    std::vector<Move> moves;
    Wide total = 0;
    std::string code;  // of the rejection; empty: accepted
    std::vector<Fault> faults;
  };

  std::map<std::string, bool> warehouses;  // code -> retired
  std::map<std::string, Product> products;
  std::map<std::pair<std::string, std::string>, Stock> stock;  // (warehouse, SKU)

  // Answers, and changes the stock if it accepts.
  Answer post(const Operation& operation) {
    const auto before = stock;
    Answer answer;
    for (const auto& line : operation.lines) {
      const auto line_before = stock;
      const auto faults_before = answer.faults.size();
      post_line(operation, line, answer);
      if (answer.faults.size() != faults_before) stock = line_before;
    }
    for (const auto& move : answer.moves) answer.total += move.amount;
    if (answer.faults.empty() && answer.total > largest) answer.code = "overflow";
    static const std::vector<std::string> by_importance{"not_found", "retired",  "precondition_failed",
                                                        "no_price",  "overflow", "insufficient_stock"};
    for (const auto& code : by_importance) {
      for (const auto& fault : answer.faults) {
        if (answer.code.empty() && fault.code == code) answer.code = code;
      }
    }
    if (!answer.code.empty()) {
      stock = before;
      answer.moves.clear();
      answer.total = 0;
    }
    return answer;
  }

 private:
  static std::string name_of(const Line& line) { return line.warehouse ? line.warehouse->str() : ""; }

  void post_line(const Operation& operation, const Line& line, Answer& answer) {
    const auto where = name_of(line);
    const auto& sku = line.sku.str();
    const auto fault = [&](const std::string& code) { answer.faults.push_back({where, sku, code}); };

    const bool known_warehouse = where.empty() || warehouses.count(where) == 1;
    const bool known_product = products.count(sku) == 1;
    if (!known_warehouse) fault("not_found");
    if (!known_product) fault("not_found");
    if (!known_warehouse || !known_product) return;

    const auto& product = products.at(sku);
    const bool retired_warehouse = !where.empty() && warehouses.at(where);
    if (operation.kind != Kind::ship && operation.kind != Kind::adjust) {
      if (product.retired) fault("retired");
      if (retired_warehouse) fault("retired");
      if (product.retired || retired_warehouse) return;
    }
    if (operation.kind == Kind::purchase && !product.has_price) return fault("no_price");

    if (where.empty()) {
      allocate(line, product, answer);
      return;
    }
    const auto now = stock[{where, sku}];
    if (line.expect && *line.expect != now.on_hand) return fault("precondition_failed");
    Wide after = now.on_hand;
    if (line.mode == Line::Mode::set) {
      after = line.quantity;
    } else if (operation.kind == Kind::ship || operation.kind == Kind::purchase) {
      after -= line.quantity;
    } else {
      after += line.quantity;
    }
    if (after > largest) return fault("overflow");
    if (after < now.reserved) return fault("insufficient_stock");
    const Wide amount = operation.kind == Kind::purchase ? product.price * line.quantity : 0;
    if (amount > largest) return fault("overflow");
    move(where, sku, after - now.on_hand, amount, answer);
  }

  // Takes from the warehouse that has most, then from the next; of equals, the first by code.
  void allocate(const Line& line, const Product& product, Answer& answer) {
    const auto& sku = line.sku.str();
    Wide left = line.quantity;
    std::vector<Move> taken;
    std::set<std::string> used;
    while (left > 0) {
      std::string best;
      Wide most = 0;
      for (const auto& [code, retired] : warehouses) {
        const auto& row = stock[{code, sku}];
        if (retired || used.count(code) == 1 || row.on_hand - row.reserved <= most) continue;
        best = code;
        most = row.on_hand - row.reserved;
      }
      if (best.empty()) {
        answer.faults.push_back({"", sku, "insufficient_stock"});
        return;
      }
      used.insert(best);
      const Wide take = std::min(left, most);
      taken.push_back({best, sku, -take, 0, 0, 0, product.price * take});
      left -= take;
    }
    bool too_much = false;
    for (const auto& part : taken) {
      if (part.amount <= largest) continue;
      answer.faults.push_back({part.warehouse, sku, "overflow"});
      too_much = true;
    }
    if (too_much) return;
    for (const auto& part : taken) move(part.warehouse, sku, part.delta, part.amount, answer);
  }

  void move(const std::string& warehouse, const std::string& sku, Wide delta, Wide amount, Answer& answer) {
    auto& row = stock[{warehouse, sku}];
    row.on_hand += delta;
    row.version += 1;
    answer.moves.push_back({warehouse, sku, delta, row.on_hand, row.reserved, row.version, amount});
  }
};

}  // namespace invctl::test
