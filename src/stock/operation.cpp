#include "stock/operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <tuple>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {
constexpr std::array<std::pair<Kind, std::string_view>, 13> kinds{{{Kind::receive, "receive"},
                                                                   {Kind::ship, "ship"},
                                                                   {Kind::adjust, "adjust"},
                                                                   {Kind::purchase, "purchase"},
                                                                   {Kind::opening, "opening"},
                                                                   {Kind::reverse, "reverse"},
                                                                   {Kind::transfer, "transfer"},
                                                                   {Kind::reserve, "reserve"},
                                                                   {Kind::confirm, "confirm"},
                                                                   {Kind::release, "release"},
                                                                   {Kind::extend, "extend"},
                                                                   {Kind::count, "count"},
                                                                   {Kind::expire, "expire"}}};
}  // namespace

std::string_view kind_name(Kind kind) {
  for (const auto& [value, name] : kinds) {
    if (value == kind) return name;
  }
  return "unknown";
}

std::optional<Kind> parse_kind(std::string_view name) {
  for (const auto& [value, known] : kinds) {
    if (known == name) return value;
  }
  return std::nullopt;
}

void normalise_lines(std::vector<Line>& lines) {
  const auto row = [](const Line& line) { return std::tie(line.warehouse, line.sku); };
  const auto before = [&](const Line& a, const Line& b) {
    if (a.warehouse.has_value() != b.warehouse.has_value()) return a.warehouse.has_value();
    return row(a) < row(b);
  };
  // Files mostly are in order, and sorting moves every line, even so.
  if (!std::is_sorted(lines.begin(), lines.end(), before)) {
    std::stable_sort(lines.begin(), lines.end(), before);
  }
  std::vector<Line> merged;
  merged.reserve(lines.size());
  for (auto& line : lines) {
    if (merged.empty() || row(merged.back()) != row(line)) {
      merged.push_back(std::move(line));
      continue;
    }
    auto& into = merged.back();
    const auto names_a_value = [](const Line& l) {
      return l.mode != Line::Mode::delta || l.expect || l.expect_version;
    };
    if (names_a_value(into) || names_a_value(line)) {
      throw Error(Exit::usage, fmt::format("{} is given twice", text::printable(line.sku.str())),
                  "a value that is set or expected can be named only once");
    }
    if (into.unit_cost_minor != line.unit_cost_minor) {
      throw Error(Exit::usage, fmt::format("{} is given at two unit costs", text::printable(line.sku.str())),
                  "what was received at another cost is an operation of its own");
    }
    const auto sum = checked_add(into.quantity, line.quantity);
    if (!sum || *sum == std::numeric_limits<Quantity>::min()) {
      throw Error(Exit::usage, fmt::format("the lines of {} add up to more than 64 bits",
                                           text::printable(line.sku.str())));
    }
    into.quantity = *sum;
  }
  lines = std::move(merged);
}

namespace {

// What goes out of a place comes into another: nothing appears, nothing is lost.
bool adds_up(const std::vector<Line>& lines) {
  std::map<std::string_view, Quantity> sums;
  for (const auto& line : lines) {
    auto& sum = sums[line.sku.str()];
    const auto next = checked_add(sum, line.quantity);
    if (!next) return false;
    sum = *next;
  }
  return std::all_of(sums.begin(), sums.end(), [](const auto& sum) { return sum.second == 0; });
}

bool ends_or_extends(Kind kind) {
  return kind == Kind::confirm || kind == Kind::release || kind == Kind::extend || kind == Kind::expire;
}

}  // namespace

void check_operation(const Operation& operation) {
  const auto require = [&](bool holds, std::string_view rule) {
    if (!holds) throw Error(Exit::usage, fmt::format("{}: {}", kind_name(operation.kind), rule));
  };
  const bool purchase = operation.kind == Kind::purchase;
  const bool adjust = operation.kind == Kind::adjust;
  require(!operation.lines.empty(), "there is no line");
  require(!purchase || operation.user, "a purchase needs a user");
  require((operation.kind == Kind::reverse) == operation.reverses.has_value(),
          "a reversal, and nothing else, names what it reverses");
  const bool timed = operation.kind == Kind::reserve || operation.kind == Kind::extend;
  require(timed == operation.ttl.has_value(), "a reservation, and nothing else, says how long it holds");
  require(!operation.ttl || *operation.ttl > 0, "a reservation holds for some time");
  require(ends_or_extends(operation.kind) ? operation.reservation.has_value()
                                          : purchase || !operation.reservation,
          "which reservation?");
  require(operation.kind != Kind::transfer || adds_up(operation.lines), "what goes out must come in");
  for (const auto& line : operation.lines) {
    require(line.warehouse || (purchase && !operation.reservation), "every line needs a warehouse");
    require(!line.unit_cost_minor || (operation.kind == Kind::receive && *line.unit_cost_minor >= 0),
            "only what is received has a cost");
    if (line.mode == Line::Mode::held) {
      require(ends_or_extends(operation.kind), "only a reservation holds anything");
    } else if (operation.kind == Kind::confirm) {
      require(line.quantity >= 0, "the quantity cannot be negative");  // 0: what is held goes back
    } else if (line.mode == Line::Mode::set) {
      require(adjust || operation.kind == Kind::count, "only adjust and count can set a value");
      require(line.quantity >= 0, "a value that is set cannot be negative");
    } else if (adjust || operation.kind == Kind::reverse || operation.kind == Kind::transfer ||
               operation.kind == Kind::count) {
      require(line.quantity != std::numeric_limits<Quantity>::min(), "the quantity does not fit 64 bits");
    } else {
      const bool opening = operation.kind == Kind::opening;
      require(line.quantity >= 0, "the quantity cannot be negative");
      require(line.quantity != 0 || opening, "the quantity must be at least 1");
    }
  }
}

namespace {

std::string_view mode_name(Line::Mode mode) {
  switch (mode) {
    case Line::Mode::delta:
      return "delta";
    case Line::Mode::set:
      return "set";
    case Line::Mode::held:
      return "held";
  }
  return "";
}

}  // namespace

Digest request_hash(const Operation& operation) {
  FieldText fields("invctl-request-1");
  fields.add(kind_name(operation.kind)).add(operation.user).add(operation.reference).add(operation.reason);
  fields.add(static_cast<std::int64_t>(operation.lines.size()));
  for (const auto& line : operation.lines) {
    fields.add(line.warehouse ? std::optional(line.warehouse->str()) : std::nullopt);
    fields.add(std::string_view(line.sku.str()));
    fields.add(mode_name(line.mode));
    fields.add(line.quantity).add(line.expect);
  }
  if (operation.reverses) fields.add(std::string_view(to_hex(operation.reverses->uid)));
  if (operation.reservation) {
    fields.add(std::string_view("reservation")).add(std::string_view(to_hex(operation.reservation->uid)));
  }
  if (operation.ttl) fields.add(std::string_view("ttl")).add(*operation.ttl);
  if (operation.allow_partial) fields.add(std::string_view("partial"));
  const auto has_cost = [](const Line& line) { return line.unit_cost_minor.has_value(); };
  if (std::any_of(operation.lines.begin(), operation.lines.end(), has_cost)) {
    fields.add(std::string_view("unit costs"));
    for (const auto& line : operation.lines) fields.add(line.unit_cost_minor);
  }
  return fields.digest();
}

}  // namespace invctl
