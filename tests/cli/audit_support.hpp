// What the tests of reversals and of the audit commands share.
#pragma once

#include <string>
#include <vector>

#include "cli/harness.hpp"

namespace invctl::test {

class AuditShop : public Database {
 public:
  AuditShop() : Database("KRW") {
    must({"warehouse", "add", "EAST"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT", "--price", "1500"});
    must({"product", "add", "NUT", "--price", "200"});
  }
  std::int64_t on_hand(const std::string& sku, const std::string& warehouse) {
    for (const auto& row : must({"stock", "--sku", sku, "-w", warehouse, "--json"}).json()) {
      return row.at("on_hand").get<std::int64_t>();
    }
    return 0;
  }
  std::string operation_of(std::vector<std::string> args) {
    args.push_back("--json");
    return std::to_string(must(args).json().at("operation").get<std::int64_t>());
  }
};

inline std::vector<std::string> reverse(const std::string& operation, std::vector<std::string> more = {}) {
  std::vector<std::string> args = {"reverse", operation, "--reason", "a mistake"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace invctl::test
