#include "stock/operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {
constexpr std::array<std::pair<Kind, std::string_view>, 6> kinds{{{Kind::receive, "receive"},
                                                                  {Kind::ship, "ship"},
                                                                  {Kind::adjust, "adjust"},
                                                                  {Kind::purchase, "purchase"},
                                                                  {Kind::opening, "opening"},
                                                                  {Kind::reverse, "reverse"}}};
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
  std::stable_sort(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
    if (a.warehouse.has_value() != b.warehouse.has_value()) return a.warehouse.has_value();
    return row(a) < row(b);
  });
  std::vector<Line> merged;
  merged.reserve(lines.size());
  for (auto& line : lines) {
    if (merged.empty() || row(merged.back()) != row(line)) {
      merged.push_back(std::move(line));
      continue;
    }
    auto& into = merged.back();
    const auto names_a_value = [](const Line& l) { return l.mode == Line::Mode::set || l.expect; };
    if (names_a_value(into) || names_a_value(line)) {
      throw Error(Exit::usage, fmt::format("{} is given twice", text::printable(line.sku.str())),
                  "a value that is set or expected can be named only once");
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
  for (const auto& line : operation.lines) {
    require(line.warehouse || purchase, "every line needs a warehouse");
    if (line.mode == Line::Mode::set) {
      require(adjust, "only adjust can set a value");
      require(line.quantity >= 0, "a value that is set cannot be negative");
    } else if (adjust || operation.kind == Kind::reverse) {
      require(line.quantity != std::numeric_limits<Quantity>::min(), "the quantity does not fit 64 bits");
    } else {
      const bool opening = operation.kind == Kind::opening;
      require(line.quantity >= 0, "the quantity cannot be negative");
      require(line.quantity != 0 || opening, "the quantity must be at least 1");
    }
  }
}

Digest request_hash(const Operation& operation) {
  FieldText fields("invctl-request-1");
  fields.add(kind_name(operation.kind)).add(operation.user).add(operation.reference).add(operation.reason);
  fields.add(static_cast<std::int64_t>(operation.lines.size()));
  for (const auto& line : operation.lines) {
    fields.add(line.warehouse ? std::optional(line.warehouse->str()) : std::nullopt);
    fields.add(std::string_view(line.sku.str()));
    fields.add(std::string_view(line.mode == Line::Mode::set ? "set" : "delta"));
    fields.add(line.quantity).add(line.expect);
  }
  if (operation.reverses) fields.add(std::string_view(to_hex(operation.reverses->uid)));
  return fields.digest();
}

}  // namespace invctl
