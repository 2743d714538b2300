// What the tests of seed-from-csv share.
#pragma once

#include <string>
#include <vector>

#include "harness.hpp"

namespace invctl::test {

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline std::size_t count_lines(const std::string& text, const std::string& part) {
  std::size_t lines = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++lines;
  return lines;
}

// A catalogue of two warehouses and three products, and a place to seed from.
struct Shop : Database {
  explicit Shop(const std::string& currency = "USD") : Database(currency) {
    dir().write("warehouses.csv", "code,name,address\nEAST,East hall,1 Dock Road\nWEST,,\n");
    dir().write("products.csv",
                "sku,name,category,unit,price,reorder_point,barcode\n"
                "007,Bolt,hardware,ea,0.25,500,8809569600100\n"
                "NUT-10,\"Nut, M10\",hardware,ea,1.5,,\n"
                "PLAIN,,,,,,\n");
    dir().write("stock.csv", "warehouse,sku,quantity\nEAST,007,40\nWEST,007,2\nEAST,NUT-10,0\n");
  }
  std::int64_t rows_in_all_tables() {
    return integer(
        "SELECT (SELECT count(*) FROM warehouse) + (SELECT count(*) FROM product) + (SELECT count(*) FROM "
        "inventory) + (SELECT count(*) FROM operation) + (SELECT count(*) FROM movement)");
  }
};

// The message lines about `file`, without the prefix of the command.
inline std::vector<std::string> faults(const Result& result) {
  std::vector<std::string> found;
  const auto error = result.error();
  for (const auto& line : error.at("lines")) found.push_back(line.at("message"));
  return found;
}

}  // namespace invctl::test
