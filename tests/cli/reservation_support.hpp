// What the tests of reservations share.
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "cli/harness.hpp"

namespace invctl::test {

class ReservationShop : public Database {
 public:
  ReservationShop() : Database("KRW") {
    must({"warehouse", "add", "EAST"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT", "--price", "1500"});
    must({"product", "add", "NUT", "--price", "200"});
    must({"receive", "-w", "EAST", "BOLT=10", "NUT=4"});
  }
  nlohmann::json stock(const std::string& sku, const std::string& warehouse = "EAST") {
    const auto rows = must({"stock", "--sku", sku, "-w", warehouse, "--json"}).json();
    return rows.empty() ? nlohmann::json({{"on_hand", 0}, {"reserved", 0}, {"available", 0}}) : rows.at(0);
  }
  std::string reserve(std::vector<std::string> args) {
    std::vector<std::string> command = {"reserve", "-w", "EAST", "--json"};
    command.insert(command.end(), args.begin(), args.end());
    return std::to_string(must(command).json().at("reservation").get<std::int64_t>());
  }
  std::string state(const std::string& reservation) {
    return must({"reservation", "show", reservation, "--json"}).json().at("state").get<std::string>();
  }
  void verify() { CHECK(run({"verify"}).exit == 0); }
};

inline void wait_past(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
}

}  // namespace invctl::test
