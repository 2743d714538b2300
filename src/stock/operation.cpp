#include "stock/operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {
constexpr std::array<std::pair<Kind, std::string_view>, 5> kinds{{{Kind::receive, "receive"},
                                                                  {Kind::ship, "ship"},
                                                                  {Kind::adjust, "adjust"},
                                                                  {Kind::purchase, "purchase"},
                                                                  {Kind::opening, "opening"}}};
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
  std::stable_sort(lines.begin(), lines.end(), [&](const Line& a, const Line& b) { return row(a) < row(b); });
  std::vector<Line> merged;
  merged.reserve(lines.size());
  for (auto& line : lines) {
    if (merged.empty() || row(merged.back()) != row(line)) {
      merged.push_back(std::move(line));
      continue;
    }
    auto& into = merged.back();
    if (into.mode == Line::Mode::set || line.mode == Line::Mode::set) {
      throw Error(Exit::usage, fmt::format("{} is given twice", text::printable(line.sku.str())),
                  "a value that is set can be named only once");
    }
    const auto sum = checked_add(into.quantity, line.quantity);
    if (!sum) {
      throw Error(Exit::usage, fmt::format("the lines of {} add up to more than 64 bits",
                                           text::printable(line.sku.str())));
    }
    into.quantity = *sum;
  }
  lines = std::move(merged);
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
  return fields.digest();
}

}  // namespace invctl
