// What people type: lines SKU=QTY, quantities, prices, durations, times, periods, codes, texts, scans,
// patterns. What is understood is printed back and understood the same; what is not is refused with a text
// that is safe.
#include <fmt/format.h>

#include <limits>

#include "apply/kind_rules.hpp"
#include "catalog/price.hpp"
#include "core/shell_word.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/types.hpp"
#include "fuzz.hpp"
#include "io/csv.hpp"
#include "lines.hpp"
#include "report/calendar.hpp"
#include "stock/scan.hpp"

namespace invctl::fuzz {

namespace {

// The value of a parser that throws; what it throws is a slip of the user's.
template <class Parse>
auto value_of(Parse&& parse) -> std::optional<decltype(parse())> {
  try {
    return parse();
  } catch (const Error& error) {
    require(error.exit == Exit::usage, "a word that is not understood is a slip of the user's");
    require_safe(error);
    return std::nullopt;
  }
}

// The value of a parser that says why not.
template <class Parse>
auto value_of_why(Parse&& parse) {
  std::string why;
  const auto value = parse(why);
  require(value.has_value() || (!why.empty() && is_safe(why)), "a refusal says why, safely", why);
  return value;
}

void check_numbers(std::string_view input) {
  const auto whole = value_of_why([&](std::string& why) { return parse_whole(input, why); });
  require(!whole || *whole >= 0, "a whole number has no sign");
  const auto with_sign = value_of_why([&](std::string& why) { return parse_signed(input, why); });
  require(!with_sign || *with_sign != std::numeric_limits<Quantity>::min(), "a signed number can be negated");
  require(!whole || !with_sign, "a number has a sign or has none");
  std::string why;
  if (whole) require(parse_whole(fmt::to_string(*whole), why) == whole, "a number reads back");
  if (with_sign)
    require(parse_signed(fmt::format("{:+}", *with_sign), why) == with_sign, "a number reads back");
}

void check_amounts(std::string_view input) {
  for (const auto* code : {"JPY", "USD", "KWD", "CLF"}) {
    const auto currency = Currency::parse(code);
    const auto amount = value_of_why([&](std::string& why) { return currency.parse_amount(input, why); });
    std::string why;
    require(!amount || (*amount >= 0 && currency.parse_amount(currency.format(*amount), why) == amount),
            "an amount reads back");
  }
  if (const auto currency = value_of([&] { return Currency::parse(input); }))
    require(currency->code() == input, "a currency is its code");
  if (const auto limit = value_of([&] { return PriceLimit::parse(input, "limit"); })) {
    require(limit->allows(std::nullopt, 1) && limit->allows(7, 7), "what does not change is allowed");
    const auto again = value_of([&] { return PriceLimit::parse(limit->str(), "limit"); });
    require(again && again->allows(100, 150) == limit->allows(100, 150), "a limit reads back", limit->str());
  }
}

void check_times(std::string_view input) {
  const auto time = value_of_why([&](std::string& why) { return parse_time(input, why); });
  std::string why;
  if (time) {
    require(parse_time(format_time(*time), why) == time, "a time reads back", format_time(*time));
    const auto month = report::month_of(*time);
    require(month.from <= *time && *time < month.to, "a time is in its month", month.name);
    require(is_safe(report::step_name(report::Step::week, *time)), "a week has a name");
  }
  const auto duration = value_of_why([&](std::string& reason) { return parse_duration(input, reason); });
  if (duration) {
    require(parse_duration(format_duration(*duration), why) == duration, "a duration reads back");
    require(Deadline::after(*duration).left().count() >= 0, "a deadline is not behind us");
  }
  const auto period = value_of_why([&](std::string& reason) { return report::parse_period(input, reason); });
  const auto month = value_of_why([&](std::string& reason) { return report::parse_month(input, reason); });
  require(!month || (period && period->name == month->name), "a month is a period");
  if (period) {
    require(period->from < period->to && period->name == input, "a period has a beginning and an end");
    require(parse_time(format_time(period->from), why) == period->from, "a period begins at a time");
  }
}

void check_texts(std::string_view input) {
  if (const auto code = value_of([&] { return parse_code(input, "code"); })) {
    require(!code->empty() && code->size() <= code_max_bytes, "a code has 1 to 64 bytes");
    require(value_of([&] { return parse_code(*code, "code"); }) == code, "a code is in NFC");
  }
  if (const auto text = value_of([&] { return parse_text(input, "text"); })) {
    require(text->size() <= text_max_bytes, "a text has at most 1,000 bytes");
    require(value_of([&] { return parse_text(*text, "text"); }) == text, "a text is in NFC");
  }
  const auto shown = text::printable(input);
  require(is_safe(shown) && shown.find('\n') == std::string::npos, "what is shown is safe", shown);
  require(text::printable(shown) == shown, "showing twice changes nothing", shown);
  require(is_safe(text::quoted(input)), "what is quoted is safe");
  require(text::display_width(shown) <= 2 * shown.size(), "no byte is wider than two columns");
  if (input.find('\0') == std::string_view::npos)
    require(!shell_word(input).empty(), "a word of the shell is never nothing");
}

std::string written(const Line& line, cmd::QuantityForm form) {
  const bool has_sign = form == cmd::QuantityForm::signed_;
  return line.sku.str() + "=" +
         (has_sign ? fmt::format("{:+}", line.quantity) : fmt::to_string(line.quantity));
}

void check_lines(std::string_view input) {
  std::vector<std::string> words;
  for (const auto word : text::split(input, '\n')) words.emplace_back(word);
  for (const auto form :
       {cmd::QuantityForm::positive, cmd::QuantityForm::signed_, cmd::QuantityForm::absolute}) {
    auto lines = value_of([&] { return cmd::parse_lines(words, form, WarehouseCode::parse("EAST")); });
    if (!lines) continue;
    require(lines->size() == words.size(), "each word is a line");
    for (const auto& line : *lines) {
      const auto again =
          value_of([&] { return cmd::parse_lines({written(line, form)}, form, line.warehouse); });
      require(again && again->front().sku == line.sku && again->front().quantity == line.quantity,
              "a line reads back", written(line, form));
    }
    value_of([&] {
      normalise_lines(*lines);
      return true;
    });
  }
}

void check_scans(std::string_view input) {
  static const auto index = [] {
    ScanIndex all;
    all.add("BOLT-10", "4006381333931");
    all.add("NUT-10", "00012345678905");
    all.add("3*4", std::nullopt);
    return all;
  }();
  std::string why;
  bool unknown = false;
  const auto scanned = parse_scan(input, index, why, unknown);
  require(scanned.has_value() == why.empty(), "a scan is understood, or says why not", why);
  require(is_safe(why), "a scan's refusal is safe", why);
  require(!scanned || (scanned->quantity >= 1 && index.find(scanned->sku).size() == 1),
          "a scan is of a product");
  require(!unknown || !scanned, "what is unknown is not understood");
}

// The definition, slowly.
bool matches_slowly(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return matches_slowly(text, pattern.substr(1)) ||
           (!text.empty() && matches_slowly(text.substr(1), pattern));
  if (text.empty()) return false;
  std::size_t size = 1;
  if (pattern[0] == '?') {
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  } else if (pattern[0] != text[0]) {
    return false;
  }
  return matches_slowly(text.substr(size), pattern.substr(1));
}

void check_patterns(std::string_view input) {
  const auto line = input.find('\n');
  if (line == std::string_view::npos || input.size() > 18) return;
  const auto text = input.substr(0, line);
  const auto pattern = input.substr(line + 1);
  // A run of bytes may end within a character, where `?` would not: text is UTF-8 there.
  if (text::invalid_utf8_at(text) || text::invalid_utf8_at(pattern)) return;
  require(intake::matches_pattern(text, pattern) == matches_slowly(text, pattern),
          "a pattern matches by its definition", input);
}

void check_values(std::string_view input) {
  check_numbers(input);
  check_amounts(input);
  check_times(input);
  check_texts(input);
  check_lines(input);
  check_scans(input);
  check_patterns(input);
  value_of([&] { return io::parse_delimiter(input); });
  value_of([&] { return intake::KindBySign::parse(input); });
}

[[maybe_unused]] const bool added = add_target("values", check_values);

}  // namespace
}  // namespace invctl::fuzz
