// The script's commands that have to do with files, with the catalogue, and with other commands.
#include <iterator>

#include "script.hpp"

namespace invctl::test {

namespace {

void retire_or_bring_back(Step& step, Expected::Listed& listed) {
  if (listed.retired) step.words.push_back("--undo");
  listed.retired = !listed.retired;
}

}  // namespace

Step Script::seeding() {
  Step step;
  step.name = "seed";
  std::string goods = "sku,name,price\n";
  std::string opening = "warehouse,sku,quantity\n";
  for (int i = 1; i <= products; ++i) {
    const auto name = "S" + std::to_string(i);
    goods += name + ",Some " + name + ",2.50\n";
    opening += "E," + name + ",20\n";
    step.after.stock[{"E", name}].on_hand = 20;
    step.after.prices[name] = 250;
    step.after.products[name] = {"Some " + name};
  }
  step.after.warehouses = {{"E", {"East"}}, {"W", {"West"}}};
  step.after.operations["opening accepted"] = 1;  // of each warehouse
  step.files = {
      {"places.csv", "code,name\nE,East\nW,West\n"}, {"goods.csv", goods}, {"opening.csv", opening}};
  step.words = {"seed-from-csv", "--warehouses", "places.csv", "--products",
                "goods.csv",     "--stock",      "opening.csv"};
  return step;
}

Step Script::importing(const std::string& exported) {
  auto step = seeding();
  step.name = "import";
  step.files = {{"first.ndjson", exported}};
  step.words = {"import", "first.ndjson"};
  return step;
}

// Deliveries and shipments of a part of them, with ids of their own: in several transactions, after each of
// which a kill may find it, or in one, which the last shipment may be too much for.
Step Script::apply_file() {
  Step step;
  step.name = "apply";
  const auto file = "apply" + std::to_string(++files_) + ".csv";
  step.words = {"apply", file, "--on-error", "skip", "--batch", "2"};
  std::string content = "id,kind,warehouse,sku,quantity\n";
  step.after = state_;
  for (int i = 0; i < 6; ++i) {
    const bool out = i % 2 == 1;
    const auto what = "S" + std::to_string(1 + i / 2);
    const auto id = "f" + std::to_string(files_) + "-" + std::to_string(i);
    content += id + (out ? ",ship,W," : ",receive,W,") + what + (out ? ",2\n" : ",5\n");
    step.after.stock[{"W", what}].on_hand += out ? -2 : 5;
    step.after.keys.insert(id);
    ++step.after.operations[out ? "ship accepted" : "receive accepted"];
    if (out) step.on_the_way.push_back(step.after);
  }
  if (random_.one_in(2)) {
    step.name = "apply whole";
    step.words = {"apply", file, "--on-error", "abort"};
    step.on_the_way.clear();
    if (random_.one_in(3)) {
      content += "f" + std::to_string(files_) + "-6,ship,W,S1,1000000\n";
      step.after = state_;
      step.exit = 4;  // and nothing of it is remembered
    }
  }
  step.files = {{file, content}};
  return step;
}

Step Script::seed_more() {
  Step step;
  step.name = "seed";
  const auto what = "N" + std::to_string(++files_);
  const auto file = "more" + std::to_string(files_) + ".csv";
  step.files = {{file, "sku,name,price\n" + what + ",New,1.25\n"}};
  step.words = {"seed-from-csv", "--products", file};
  step.after = state_;
  step.after.prices[what] = 125;
  step.after.products[what] = {"New"};
  return step;
}

Step Script::load_count() {
  auto step = enter_count();
  const auto line = step.words.back();
  const auto file = "counted" + std::to_string(++files_) + ".csv";
  step.name = "count load";
  step.words = {"count", "load", std::to_string(*count_), file};
  step.files = {{file, "sku,counted\nS1," + line.substr(line.find('=') + 1) + "\n"}};
  return step;
}

Step Script::cancel_count() {
  auto step = unkeyed("count cancel", {"count", "cancel", std::to_string(*count_)});
  ++step.after.counts_ended;
  return step;
}

// They have no key, and never overwrite: once the file is there, they are refused.
Step Script::make_file() {
  Step step;
  step.name = backs_up_ && random_.one_in(2) ? "backup" : "export";
  step.makes = step.name + std::to_string(++files_);
  step.words = {step.name, step.makes};
  step.also = {5};
  step.after = state_;
  return step;
}

// Two steps, each of which is a process of its own. Where the second is refused the first is undone.
Step Script::run_plan() {
  if (!plans_) return receive();
  Step step;
  step.name = "run";
  step.key = "k" + std::to_string(++keys_);
  const auto file = "plan" + std::to_string(++files_) + ".ndjson";
  const auto to = warehouse();
  const auto from = warehouse();
  const Line in{sku(), random_.between(1, 9)};
  const Line out{sku(), random_.between(1, 30)};
  const auto text = [](const char* kind, const std::string& place, const Line& line) {
    return std::string(R"({"run":[")") + kind + R"(","-w",")" + place + "\",\"" + line.sku + '=' +
           std::to_string(line.quantity) + "\"]}\n";
  };
  step.words = {"run", file};
  step.files = {{file, text("receive", to, in) + text("ship", from, out)}};
  auto now = state_;
  const auto then = [&] { step.on_the_way.push_back(now); };
  now.runs[step.key] = false;
  then();
  now.stock[{to, in.sku}].on_hand += in.quantity;
  ++now.operations["receive accepted"];
  then();
  auto& taken = now.stock[{from, out.sku}];
  if (taken.available() >= out.quantity) {
    taken.on_hand -= out.quantity;
    ++now.operations["ship accepted"];
    then();
  } else {
    step.exit = 12;
    ++now.operations["ship rejected"];
    then();
    now.stock[{to, in.sku}].on_hand -= in.quantity;
    ++now.operations["reverse accepted"];
    then();
  }
  now.runs[step.key] = true;
  step.after = std::move(now);
  return step;
}

Step Script::rarer() {
  const auto what = random_.between(0, clock_ ? 5 : 4);
  if (what == 0) return change_warehouses();
  if (what == 1) return change_products();
  if (what == 2) return buy_held();
  if (what == 3) return extend();
  if (what == 5) return meet_expired();
  auto step = unkeyed("report", {"report", "--html", "page" + std::to_string(++files_)});
  step.makes = step.words.back();
  step.also = {5};
  return step;
}

// What is added has no key, and is there once. Only what is added here is retired: it has no stock.
Step Script::change_warehouses() {
  const auto added = static_cast<std::int64_t>(state_.warehouses.size()) - warehouses;
  if (added == 0 || random_.one_in(2)) {
    const auto code = "X" + std::to_string(added);
    auto step = unkeyed("warehouse add", {"warehouse", "add", code, "--name", "Hall"});
    step.also = {5};
    step.after.warehouses[code] = {"Hall"};
    return step;
  }
  const auto code = "X" + std::to_string(random_.between(0, added - 1));
  auto step = unkeyed("warehouse retire", {"warehouse", "retire", code});
  retire_or_bring_back(step, step.after.warehouses[code]);
  return step;
}

Step Script::change_products() {
  const auto number = std::to_string(++files_);
  if (added_ == 0 || random_.one_in(3)) {
    const auto sku = "P" + std::to_string(added_++);
    auto step = unkeyed("product add", {"product", "add", sku, "--name", "No" + number, "--price", "3.00"});
    step.also = {5};
    step.after.products[sku] = {"No" + number};
    step.after.prices[sku] = 300;
    return step;
  }
  const auto sku = "P" + std::to_string(random_.between(0, added_ - 1));
  if (random_.one_in(2)) {
    auto step = unkeyed("product set", {"product", "set", sku, "--name", "No" + number});
    step.after.products[sku].name = "No" + number;
    return step;
  }
  auto step = unkeyed("product retire", {"product", "retire", sku});
  retire_or_bring_back(step, step.after.products[sku]);
  return step;
}

// Of an open reservation a part or all, to a user.
Step Script::buy_held() {
  if (state_.holds.empty()) return reserve();
  const auto& [key, held] = *state_.holds.begin();
  const Line what{held.sku, random_.between(1, held.quantity)};
  auto step = keyed("purchase", {"--user", "ben", "--reservation", std::to_string(numbers_.at(key))});
  add_lines(step, {what});
  give(step, held.warehouse, {what}, -1);
  step.after.stock[{held.warehouse, what.sku}].reserved -= what.quantity;
  if (what.quantity == held.quantity) {
    step.after.holds.erase(key);
  } else {
    step.after.holds[key].quantity -= what.quantity;
  }
  finish(step, 0);
  step.name = "purchase held";  // none of those that are reversed
  return step;
}

Step Script::extend() {
  if (numbers_.empty()) return reserve();
  auto chosen = numbers_.begin();
  std::advance(chosen, random_.between(0, static_cast<std::int64_t>(numbers_.size()) - 1));
  auto step = keyed("extend", {std::to_string(chosen->second), "--ttl", "8d"});
  finish(step, state_.holds.contains(chosen->first) ? 0 : 5);
  return step;
}

// A month later: whoever meets what is held there gives it back, in the same transaction.
Step Script::meet_expired() {
  if (state_.holds.empty()) return reserve();
  const auto met = state_.holds.begin()->second;
  auto step = keyed("receive", {"-w", met.warehouse, met.sku + "=1"});
  step.clock = 30 * 86400;
  give(step, met.warehouse, {{met.sku, 1}});
  for (const auto& [key, held] : state_.holds) {
    if (held.warehouse != met.warehouse || held.sku != met.sku) continue;
    step.after.stock[{held.warehouse, held.sku}].reserved -= held.quantity;
    step.after.holds.erase(key);
    ++step.after.operations["expire accepted"];
  }
  finish(step, 0);
  step.name = "receive expired";
  return step;
}

Step Script::set_threshold() {
  Step step;
  step.name = "threshold";
  const auto where = warehouse();
  const auto what = sku();
  step.after = state_;
  if (random_.one_in(4)) {
    step.words = {"threshold", "unset", what, "-w", where};
    step.after.thresholds.erase({where, what});
    return step;
  }
  const auto point = random_.between(0, 25);
  step.words = {"threshold", "set", what, "-w", where, "--reorder-point", std::to_string(point)};
  step.after.thresholds[{where, what}] = point;
  return step;
}

Step Script::follow_alerts() {
  Step step;
  step.name = "alerts";
  step.words = {"alerts", "--cursor", "alerts.cursor"};
  step.after = state_;
  return step;
}

}  // namespace invctl::test
