#include "script.hpp"

#include <algorithm>

namespace invctl::test {

std::vector<std::string> Expected::facts() const {
  std::vector<std::string> out;
  for (const auto& [place, units] : stock) {
    if (units.on_hand == 0 && units.reserved == 0) continue;
    out.push_back("stock " + place.first + " " + place.second + " " + std::to_string(units.on_hand) +
                  " reserved " + std::to_string(units.reserved));
  }
  for (const auto& [sku, price] : prices) out.push_back("price " + sku + " " + std::to_string(price));
  for (const auto& key : keys) out.push_back("key " + key);
  for (const auto& key : price_keys) out.push_back("price key " + key);
  for (const auto& key : entry_keys) out.push_back("entry key " + key);
  for (const auto& [what, times] : operations)
    out.push_back("operations " + what + " " + std::to_string(times));
  for (const auto& name : periods) out.push_back("period " + name);
  for (const auto& [place, point] : thresholds)
    out.push_back("threshold " + place.first + " " + place.second + " " + std::to_string(point));
  for (const auto& [key, ended] : runs) out.push_back("run " + key + (ended ? " ended" : " going"));
  const auto add_listed = [&](const char* kind, const std::map<std::string, Listed>& all) {
    for (const auto& [code, listed] : all)
      out.push_back(std::string(kind) + code + " " + listed.name + (listed.retired ? " retired" : ""));
  };
  add_listed("warehouse ", warehouses);
  add_listed("product ", products);
  out.push_back("counts " + std::to_string(counts_ended) + " " + std::to_string(counts_closed));
  std::sort(out.begin(), out.end());
  return out;
}

std::set<Expected::Place> Expected::low() const {
  std::set<Place> out;
  for (const auto& [place, point] : thresholds) {
    if (moved.contains(place) && stock.at(place).available() <= point) out.insert(place);
  }
  return out;
}

Words Step::command() const {
  auto all = words;
  if (!key.empty()) all.insert(all.end(), {"--id", key});
  return all;
}

// --- helpers

std::vector<Script::Line> Script::lines() {
  std::vector<Line> out{{sku(), random_.between(1, 9)}};
  while (random_.one_in(3)) {
    const auto other = sku();
    if (std::none_of(out.begin(), out.end(), [&](const Line& line) { return line.sku == other; })) {
      out.push_back({other, random_.between(1, 9)});
    }
  }
  return out;
}

Step Script::keyed(const std::string& name, Words words) {
  Step step;
  step.name = name;
  step.words = {name};
  step.words.insert(step.words.end(), words.begin(), words.end());
  step.key = "k" + std::to_string(++keys_);
  step.after = state_;
  return step;
}

Step Script::unkeyed(const std::string& name, Words words) const {
  Step step;
  step.name = name;
  step.words = std::move(words);
  step.after = state_;
  return step;
}

void Script::add_lines(Step& step, const std::vector<Line>& lines) {
  for (const auto& line : lines) step.words.push_back(line.sku + "=" + std::to_string(line.quantity));
}

bool Script::take(Step& step, const std::string& warehouse, const std::vector<Line>& lines) const {
  for (const auto& line : lines) {
    const auto found = state_.stock.find({warehouse, line.sku});
    if (found == state_.stock.end() || found->second.available() < line.quantity) return false;
  }
  give(step, warehouse, lines, -1);
  return true;
}

void Script::give(Step& step, const std::string& warehouse, const std::vector<Line>& lines, int sign) {
  for (const auto& line : lines) step.after.stock[{warehouse, line.sku}].on_hand += sign * line.quantity;
}

// An answer is remembered under its key, a refusal too.
void Script::finish(Step& step, int exit) {
  step.exit = exit;
  step.after.keys.insert(step.key);
  ++step.after.operations[step.name + (exit == 0 ? " accepted" : " rejected")];
}

// --- commands

Step Script::receive() {
  const auto to = warehouse();
  auto step = keyed("receive", {"-w", to});
  const auto what = lines();
  add_lines(step, what);
  give(step, to, what);
  finish(step, 0);
  return step;
}

Step Script::ship() {
  const auto from = warehouse();
  auto step = keyed("ship", {"-w", from});
  const auto what = lines();
  add_lines(step, what);
  finish(step, take(step, from, what) ? 0 : 4);
  return step;
}

Step Script::transfer() {
  const auto from = warehouse();
  const std::string to = from == "E" ? "W" : "E";
  auto step = keyed("transfer", {"--from", from, "--to", to});
  const auto what = lines();
  add_lines(step, what);
  const bool there = take(step, from, what);
  if (there) give(step, to, what);
  finish(step, there ? 0 : 4);
  return step;
}

// Without a warehouse the one that has most gives all it can, then the other; the smaller code at a tie.
Step Script::purchase() {
  auto step = keyed("purchase", {"--user", "ann"});
  const Line what{sku(), random_.between(1, 12)};
  add_lines(step, {what});
  if (random_.one_in(2)) {
    const auto from = warehouse();
    step.words.insert(step.words.end(), {"-w", from});
    finish(step, take(step, from, {what}) ? 0 : 4);
    return step;
  }
  const auto east = state_.stock.contains({"E", what.sku}) ? state_.stock.at({"E", what.sku}).available() : 0;
  const auto west = state_.stock.contains({"W", what.sku}) ? state_.stock.at({"W", what.sku}).available() : 0;
  if (east + west < what.quantity) {
    finish(step, 4);
    return step;
  }
  const std::string first = west > east ? "W" : "E";
  const auto from_first = std::min(what.quantity, std::max(east, west));
  give(step, first, {{what.sku, from_first}}, -1);
  if (from_first < what.quantity) {
    give(step, first == "E" ? "W" : "E", {{what.sku, what.quantity - from_first}}, -1);
  }
  finish(step, 0);
  return step;
}

Step Script::adjust() {
  const auto where = warehouse();
  const auto what = sku();
  const auto delta = random_.between(-9, 9);
  auto step = keyed("adjust", {"-w", where, "--reason", "found or lost"});
  if (delta == 0) return receive();
  step.words.push_back(what + "=" + (delta > 0 ? "+" : "") + std::to_string(delta));
  if (delta > 0) {
    give(step, where, {{what, delta}});
    finish(step, 0);
  } else {
    finish(step, take(step, where, {{what, -delta}}) ? 0 : 4);
  }
  return step;
}

Step Script::adjust_to() {
  const auto what = sku();
  auto& place = state_.stock[{"E", what}];
  const auto to = random_.between(0, 25);
  const auto expect = random_.one_in(4) ? place.on_hand + 1 : place.on_hand;
  auto step = keyed("adjust", {"-w", "E", what + "=" + std::to_string(to), "--set", "--expect",
                               std::to_string(expect), "--reason", "counted"});
  const int exit = expect != place.on_hand ? 5 : to < place.reserved ? 4 : 0;
  if (exit == 0) step.after.stock[{"E", what}].on_hand = to;
  finish(step, exit);
  return step;
}

Step Script::reserve() {
  const auto where = warehouse();
  const Line what{sku(), random_.between(1, 6)};
  auto step = keyed("reserve", {"-w", where, "--ttl", "7d"});
  add_lines(step, {what});
  const auto found = state_.stock.find({where, what.sku});
  const bool there = found != state_.stock.end() && found->second.available() >= what.quantity;
  if (there) {
    step.after.stock[{where, what.sku}].reserved += what.quantity;
    step.after.holds[step.key] = {where, what.sku, what.quantity};
  }
  finish(step, there ? 0 : 4);
  return step;
}

Step Script::end_reservation() {
  if (numbers_.empty()) return reserve();
  auto chosen = numbers_.begin();
  std::advance(chosen, random_.between(0, static_cast<std::int64_t>(numbers_.size()) - 1));
  const std::string how = random_.one_in(2) ? "confirm" : "release";
  auto step = keyed(how, {std::to_string(chosen->second)});
  const auto held = state_.holds.find(chosen->first);
  if (held != state_.holds.end()) {
    auto& place = step.after.stock[{held->second.warehouse, held->second.sku}];
    place.reserved -= held->second.quantity;
    if (how == "confirm") place.on_hand -= held->second.quantity;
    step.after.holds.erase(chosen->first);
  }
  finish(step, held != state_.holds.end() ? 0 : 5);
  return step;
}

Step Script::reverse() {
  if (done_.empty()) return receive();
  const auto& what = random_.pick(done_);
  auto step = keyed("reverse", {std::to_string(what.operation), "--reason", "a mistake"});
  int exit = state_.reversed.contains(what.key) ? 5 : 0;
  if (exit == 0) {
    for (const auto& [place, delta] : what.deltas) {
      auto& units = step.after.stock[place];
      units.on_hand -= delta;
      if (delta > 0 && units.available() < 0) exit = 4;
    }
    if (exit != 0) step.after = state_;
  }
  if (exit == 0) step.after.reversed.insert(what.key);
  finish(step, exit);
  return step;
}

Step Script::set_price() {
  const auto what = sku();
  const auto minor = random_.between(100, 999);
  auto step = keyed("price", {"set",
                              what + "=" + std::to_string(minor / 100) + "." +
                                  std::to_string(minor / 10 % 10) + std::to_string(minor % 10),
                              "--reason", "market"});
  step.after.prices[what] = minor;
  step.after.price_keys.insert(step.key);
  return step;
}

Step Script::close_month() {
  Step step;
  step.name = "close";
  const int month = months_++ % 12;
  const auto name =
      std::to_string(2010 + (months_ - 1) / 12) + (month < 9 ? "-0" : "-") + std::to_string(month + 1);
  step.words = {"close", "--period", name};
  step.after = state_;
  step.after.periods.insert(name);
  return step;
}

// Opening takes no key: a second one is another count, of the same stock.
Step Script::open_count() {
  return unkeyed("count open", {"count", "open", "-w", "E"});
}

Step Script::enter_count() {
  const auto& place = state_.stock[{"E", "S1"}];
  const auto found = place.available() > 0 ? place.on_hand - 1 : place.on_hand + 1;
  auto step = keyed("count", {"enter", std::to_string(*count_), "S1=" + std::to_string(found)});
  step.name = "count enter";
  step.after.entry_keys.insert(step.key);
  return step;
}

Step Script::close_count() {
  auto step = unkeyed("count close", {"count", "close", std::to_string(*count_)});
  auto& place = step.after.stock[{"E", "S1"}];
  place.on_hand += place.available() > 0 ? -1 : 1;
  ++step.after.operations["count accepted"];
  ++step.after.counts_ended;
  ++step.after.counts_closed;
  return step;
}

// What changes nothing of stock.
Step Script::upkeep() {
  static const std::vector<Words> commands = {{"init-db"}, {"seal"},  {"rebuild", "--apply"},
                                              {"verify"},  {"stock"}, {"history", "--limit", "5"}};
  const auto& words = random_.pick(commands);
  return unkeyed(words.front(), words);
}

Step Script::next() {
  const bool other = rarer_ && random_.one_in(count_ ? 3 : 6);
  if (count_ && entered_) return other ? cancel_count() : close_count();
  if (count_) return other ? load_count() : enter_count();
  if (other) return rarer();
  const auto what = random_.between(0, 109);
  if (what < 14) return receive();
  if (what < 26) return ship();
  if (what < 32) return transfer();
  if (what < 42) return purchase();
  if (what < 48) return adjust();
  if (what < 52) return adjust_to();
  if (what < 58) return reserve();
  if (what < 64) return end_reservation();
  if (what < 70) return reverse();
  if (what < 76) return set_price();
  if (what < 82) return apply_file();
  if (what < 86) return seed_more();
  if (what < 89) return close_month();
  if (what < 92) return open_count();
  if (what < 95) return make_file();
  if (what < 98) return run_plan();
  if (what < 102) return set_threshold();
  if (what < 106) return follow_alerts();
  return upkeep();
}

void Script::done(const Step& step, std::optional<std::int64_t> number) {
  static const std::set<std::string> reversible = {"receive", "ship", "purchase", "adjust"};
  if (number && step.exit == 0 && step.name == "reserve") numbers_[step.key] = *number;
  if (step.name == "count open") count_ = number;
  if (step.name == "count enter" || step.name == "count load") entered_ = true;
  if (step.name == "count close" || step.name == "count cancel") {
    count_.reset();
    entered_ = false;
  }
  if (number && step.exit == 0 && reversible.contains(step.name)) {
    Done made{step.key, *number, {}};
    for (const auto& [place, units] : step.after.stock) {
      const auto before = state_.stock.contains(place) ? state_.stock.at(place).on_hand : 0;
      if (units.on_hand != before) made.deltas.emplace_back(place, units.on_hand - before);
    }
    done_.push_back(std::move(made));
  }
  auto moved = state_.moved;
  const auto note = [&](const Expected& then) {
    for (const auto& [place, units] : then.stock) {
      if (units.on_hand != 0 || units.reserved != 0) moved.insert(place);
    }
  };
  for (const auto& then : step.on_the_way) note(then);
  note(step.after);
  state_ = step.after;
  state_.moved = std::move(moved);
}

}  // namespace invctl::test
