// What the tests of apply share.
#pragma once

#include <regex>
#include <string>

#include "harness.hpp"

namespace invctl::test {

// A database with MAIN and EAST, products A, B and C, and 100 of A and of B in MAIN.
struct ApplyShop : Database {
  ApplyShop() {
    for (const char* code : {"MAIN", "EAST"}) must({"warehouse", "add", code, "--name", code});
    for (const char* sku : {"A", "B", "C"}) must({"product", "add", sku, "--name", sku, "--price", "2.50"});
    must({"receive", "-w", "MAIN", "A=100", "B=100"});
  }
  std::int64_t on_hand(const std::string& sku) {
    return integer(
        "SELECT COALESCE(SUM(on_hand), 0) FROM inventory i JOIN product p ON p.id = i.product_id WHERE p.sku "
        "= '" +
        sku + "'");
  }
  std::int64_t operations() { return integer("SELECT COUNT(*) FROM operation"); }
  std::string file(const std::string& name, const std::string& content) { return dir().write(name, content); }
};

// With the digest of a file in a rejected_key as one word.
inline std::string without_digest(const std::string& text) {
  return std::regex_replace(text, std::regex(":[0-9a-f]{32}:"), ":DIGEST:");
}

}  // namespace invctl::test
