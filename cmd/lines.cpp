#include "lines.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::cmd {

namespace {

Quantity parse_quantity(std::string_view text, QuantityForm form) {
  std::string why;
  const auto value = form == QuantityForm::signed_ ? parse_signed(text, why) : parse_whole(text, why);
  if (!value) throw Error(Exit::usage, why);
  if (form == QuantityForm::positive && *value == 0)
    throw Error(Exit::usage, "the quantity must be at least 1");
  if (form == QuantityForm::signed_ && *value == 0)
    throw Error(Exit::usage, "a change of zero changes nothing");
  return *value;
}

Line parse_line(const std::string& word, QuantityForm form, const std::optional<WarehouseCode>& warehouse) {
  const auto at = word.rfind('=');
  if (at == std::string::npos) throw Error(Exit::usage, "write SKU=QTY, such as BOLT-10=5");
  Line line{warehouse, Sku::parse(std::string_view(word).substr(0, at)), 0, Line::Mode::delta, std::nullopt};
  line.quantity = parse_quantity(std::string_view(word).substr(at + 1), form);
  if (form == QuantityForm::absolute) line.mode = Line::Mode::set;
  return line;
}

}  // namespace

std::vector<Line> parse_lines(const std::vector<std::string>& words, QuantityForm form,
                              const std::optional<WarehouseCode>& warehouse) {
  std::vector<Line> lines;
  Error faults(Exit::usage, "some lines cannot be read");
  for (const auto& word : words) {
    try {
      lines.push_back(parse_line(word, form, warehouse));
    } catch (const Error& error) {
      faults.add_line({fmt::format("{}: {}", text::printable(word), error.message), {{"line", word}}});
    }
  }
  if (!faults.lines.empty()) throw faults;
  return lines;
}

}  // namespace invctl::cmd
