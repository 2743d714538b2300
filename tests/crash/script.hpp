// Random commands for a small shop, and what must become of it: a model that knows the rules of the README
// and nothing of the program, its database or its answers but the numbers that it gave its operations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/property.hpp"

namespace invctl::test {

using Words = std::vector<std::string>;

// What the database must say.
struct Expected {
  struct Stock {
    std::int64_t on_hand = 0, reserved = 0;
    std::int64_t available() const { return on_hand - reserved; }
  };
  struct Held {
    std::string warehouse, sku;
    std::int64_t quantity = 0;
  };

  struct Listed {
    std::string name;
    bool retired = false;
  };

  using Place = std::pair<std::string, std::string>;  // (warehouse, SKU)

  std::map<Place, Stock> stock;
  std::map<std::string, std::int64_t> prices;  // by SKU
  std::map<std::string, Held> holds;           // open ones, by the key that made them
  std::set<std::string> keys;                  // of operations, refused ones included
  std::map<std::string, int> operations;       // "ship accepted" -> how many
  std::set<std::string> price_keys;
  std::set<std::string> entry_keys;  // of what was counted
  std::set<std::string> reversed;    // keys
  std::set<std::string> periods;
  std::map<Place, std::int64_t> thresholds;  // reorder points
  std::set<Place> moved;                     // where anything ever was
  std::map<std::string, bool> runs;          // of plans, by key: whether it has ended
  std::map<std::string, Listed> warehouses, products;
  int counts_ended = 0, counts_closed = 0;

  // One line for each fact; those of the database are made the same way (harness of the matrix).
  std::vector<std::string> facts() const;
  // Where no more is available than the threshold of the place, and something has been.
  std::set<Place> low() const;
};

// One command, and what it must end with and leave behind when it was done once.
struct Step {
  std::string name;  // "ship"; of the matrix
  Words words;
  std::string key;     // goes behind --id; empty where it takes none
  int exit = 0;        // what it ends with, the first time and when repeated
  std::set<int> also;  // what it may end with when repeated after a kill: there is no key to know it by
  std::vector<std::pair<std::string, std::string>> files;  // name and content, written before it runs
  std::int64_t clock = 0;                                  // seconds by which its clock is ahead
  std::string makes;                 // a file that is there, and whole, once the command has said so
  std::vector<Expected> on_the_way;  // states that a kill may leave beside before and after
  Expected after;

  Words command() const;
};

class Script {
 public:
  // `files`: the database is one that can be backed up. `plans`: some commands start others, which may
  // outlive them. `rarer`: also what is done now and then. `clock`: the database's clock is the program's,
  // and can be set.
  Script(Random& random, bool files, bool plans, bool rarer = false, bool clock = false)
      : random_(random), backs_up_(files), plans_(plans), rarer_(rarer), clock_(clock) {}

  static constexpr int warehouses = 2, products = 4;
  // What every life begins with, or with the export of a database that began so.
  static Step seeding();
  static Step importing(const std::string& exported);
  Step next();

  // The step is done; `number`: of the operation or count in its answer, where it has one.
  void done(const Step& step, std::optional<std::int64_t> number);

  const Expected& state() const { return state_; }

 private:
  struct Line {
    std::string sku;
    std::int64_t quantity;
  };

  std::string warehouse() { return random_.one_in(2) ? "E" : "W"; }
  std::string sku() { return "S" + std::to_string(random_.between(1, products)); }
  std::vector<Line> lines();
  Step keyed(const std::string& name, Words words);
  Step unkeyed(const std::string& name, Words words) const;
  static void add_lines(Step& step, const std::vector<Line>& lines);
  // Moves stock if all of it is there; else the step is refused.
  bool take(Step& step, const std::string& warehouse, const std::vector<Line>& lines) const;
  static void give(Step& step, const std::string& warehouse, const std::vector<Line>& lines, int sign = 1);
  static void finish(Step& step, int exit);

  Step receive();
  Step ship();
  Step transfer();
  Step purchase();
  Step adjust();
  Step adjust_to();
  Step reserve();
  Step end_reservation();
  Step reverse();
  Step set_price();
  Step apply_file();
  Step seed_more();
  Step close_month();
  Step open_count();
  Step enter_count();
  Step load_count();
  Step close_count();
  Step cancel_count();
  Step make_file();
  Step run_plan();
  Step set_threshold();
  Step follow_alerts();
  Step rarer();
  Step change_warehouses();
  Step change_products();
  Step buy_held();
  Step extend();
  Step meet_expired();
  Step upkeep();

  // What may be reversed, and what it did.
  struct Done {
    std::string key;
    std::int64_t operation;
    std::vector<std::pair<std::pair<std::string, std::string>, std::int64_t>> deltas;
  };

  Random& random_;
  Expected state_;
  std::vector<Done> done_;
  std::map<std::string, std::int64_t> numbers_;  // of reservations, by key, ended ones included
  std::optional<std::int64_t> count_;            // the open one
  bool entered_ = false;                         // something was, in that count
  int keys_ = 0, files_ = 0, months_ = 0, added_ = 0;
  bool backs_up_, plans_, rarer_, clock_;
};

}  // namespace invctl::test
