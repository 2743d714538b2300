#include "stock/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/text.hpp"

namespace invctl {

namespace {

constexpr char fnc1 = '\x1d';  // what scanners send for it within a symbol

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

// How many digits an application identifier has, by its first two (GS1 General Specifications, section 3.2).
std::size_t ai_length(std::string_view text) {
  const int two = (text[0] - '0') * 10 + (text[1] - '0');
  if (two >= 31 && two <= 36) return 4;
  switch (two) {
    case 23:
    case 24:
    case 25:
    case 40:
    case 41:
    case 42:
    case 71:
      return 3;
    case 39:
    case 43:
    case 70:
    case 72:
    case 80:
    case 81:
    case 82:
      return 4;
    default:
      return 2;
  }
}

// The length of the data of those identifiers that no FNC1 follows (figure 7.8.5-2); 0: up to the next FNC1.
std::size_t predefined_length(std::string_view ai) {
  const int two = (ai[0] - '0') * 10 + (ai[1] - '0');
  if (two == 0) return 18;
  if (two >= 1 && two <= 3) return 14;
  if (two == 4) return 16;
  if (two >= 11 && two <= 19) return 6;
  if (two == 20) return 2;
  if (two >= 31 && two <= 36) return 6;
  if (two == 41) return 13;
  return 0;
}

using Elements = std::vector<std::pair<std::string, std::string>>;  // AI and data

std::optional<Elements> bracketed(std::string_view text, std::string& why) {
  Elements elements;
  while (!text.empty()) {
    const auto close = text.find(')');
    if (text.front() != '(' || close == std::string_view::npos || !all_digits(text.substr(1, close - 1)) ||
        close < 3) {
      why = "an application identifier such as (01) is expected";
      return std::nullopt;
    }
    const auto next = std::min(text.find('(', close), text.size());
    elements.emplace_back(text.substr(1, close - 1), text.substr(close + 1, next - close - 1));
    text.remove_prefix(next);
  }
  return elements;
}

std::optional<Elements> concatenated(std::string_view text, std::string& why) {
  Elements elements;
  while (!text.empty()) {
    if (text.front() == fnc1) {
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 2 || !all_digits(text.substr(0, 2)) || text.size() < ai_length(text)) {
      why = "it ends within an application identifier";
      return std::nullopt;
    }
    const auto ai = text.substr(0, ai_length(text));
    text.remove_prefix(ai.size());
    const auto fixed = predefined_length(ai);
    if (fixed > text.size()) {
      why = fmt::format("({}) is cut off", text::printable(ai));
      return std::nullopt;
    }
    const auto end = fixed > 0 ? fixed : std::min(text.find(fnc1), text.size());
    elements.emplace_back(ai, text.substr(0, end));
    text.remove_prefix(end);
  }
  return elements;
}

bool is_measure(std::string_view ai) {
  return ai.size() == 4 && ai[0] == '3' && ai[1] >= '1' && ai[1] <= '6';
}

// What a reader with AIM symbology identifiers puts before the symbols that retail uses: EAN and UPC, Code
// 128 and 39, ITF, Data Matrix, QR.
std::string_view without_symbology(std::string_view code) {
  const bool identified = code.size() > 3 && code[0] == ']' &&
                          std::string_view("ECAIdQe").find(code[1]) != std::string_view::npos &&
                          code[2] >= '0' && code[2] <= '9';
  return identified ? code.substr(3) : code;
}

std::string as_gtin14(std::string_view gtin) {
  return std::string(14 - gtin.size(), '0') + std::string(gtin);
}

std::optional<std::string> only_sku(const ScanIndex& index, std::string_view code, std::string& why) {
  const auto skus = index.find(code);
  if (skus.size() == 1) return skus.front();
  if (skus.size() > 1) {
    why = fmt::format("{} is the barcode of {} products: {}", text::printable(code), skus.size(),
                      text::printable(fmt::format("{}", fmt::join(skus, ", "))));
  }
  return std::nullopt;
}

}  // namespace

bool is_gtin(std::string_view digits) {
  const auto n = digits.size();
  if ((n != 8 && n != 12 && n != 13 && n != 14) || !all_digits(digits)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += (digits[i] - '0') * ((n - i) % 2 == 0 ? 3 : 1);
  return sum % 10 == 0;
}

std::optional<Gs1> parse_gs1(std::string_view text, std::string& why) {
  why.clear();
  const bool identified = starts_with_any(text, {"]C1", "]e0", "]d2", "]Q3", "]J1"});
  const bool written = text.size() > 3 && text[0] == '(' && all_digits(text.substr(1, 2));
  if (!identified && !written && !text.starts_with(fnc1)) return std::nullopt;
  const auto elements =
      written ? bracketed(text, why) : concatenated(identified ? text.substr(3) : text, why);
  if (!elements) return std::nullopt;
  Gs1 found;
  for (const auto& [ai, data] : *elements) {
    if (ai == "01" || ai == "02") {
      if (!found.gtin.empty()) why = "it names two products";
      found.gtin = data;
    } else if (ai == "30" || ai == "37") {
      std::string fault;
      const auto count = parse_whole(data, fault);
      if (!count || *count < 1) {
        why = fmt::format("the count of ({}) is not a positive whole number", ai);
      } else {
        found.quantity = *count;
      }
    } else if (is_measure(ai)) {
      why = fmt::format("({}) is a measure, not a count", ai);
    }
  }
  if (found.gtin.empty()) {
    why = "it holds no GTIN";
  } else if (found.gtin.size() != 14 || !is_gtin(found.gtin)) {
    why = "the check digit of its GTIN is wrong: scan it again";
  }
  return why.empty() ? std::optional(std::move(found)) : std::nullopt;
}

void ScanIndex::add(std::string_view sku, const std::optional<std::string>& barcode) {
  skus_.emplace(sku, true);
  if (!barcode || barcode->empty()) return;
  barcodes_.emplace(is_gtin(*barcode) ? as_gtin14(*barcode) : *barcode, sku);
}

std::vector<std::string> ScanIndex::find(std::string_view code) const {
  if (const auto sku = skus_.find(code); sku != skus_.end()) return {sku->first};
  std::set<std::string> found;
  const auto [first, last] = barcodes_.equal_range(is_gtin(code) ? as_gtin14(code) : std::string(code));
  for (auto entry = first; entry != last; ++entry) found.insert(entry->second);
  return {found.begin(), found.end()};
}

std::optional<Scanned> parse_scan(std::string_view line, const ScanIndex& index, std::string& why,
                                  bool& unknown) {
  why.clear();
  unknown = false;
  // A code may itself look like QTY*CODE, or like a symbology identifier: what is known as it is, is that.
  if (auto sku = only_sku(index, line, why)) return Scanned{*sku, 1};
  if (!why.empty()) return std::nullopt;
  Quantity times = 1;
  auto code = line;
  if (const auto star = line.find('*'); star != std::string_view::npos && all_digits(line.substr(0, star))) {
    const auto quantity = parse_whole(line.substr(0, star), why);
    if (!quantity || *quantity < 1) {
      why = fmt::format("{} is not a quantity", text::quoted(line.substr(0, star)));
      return std::nullopt;
    }
    times = *quantity;
    code = text::trim(line.substr(star + 1));
    if (auto sku = only_sku(index, code, why)) return Scanned{*sku, times};
    if (!why.empty()) return std::nullopt;
  }
  auto gs1 = parse_gs1(code, why);
  if (!why.empty()) {
    why = fmt::format("{}: {}", text::quoted(code), why);
    return std::nullopt;
  }
  const auto known = gs1 ? std::string_view(gs1->gtin) : without_symbology(code);
  auto sku = only_sku(index, known, why);
  if (!sku) {
    const auto digits = known.size() == 8 || (known.size() >= 12 && known.size() <= 14);
    unknown = why.empty();
    if (unknown && digits && all_digits(known) && !is_gtin(known)) {
      why = fmt::format("{} is no product, and its check digit is wrong: scan it again", text::quoted(known));
    } else if (unknown) {
      why = fmt::format("no product {}", text::quoted(known));
    }
    return std::nullopt;
  }
  const auto quantity = checked_mul(times, gs1 ? gs1->quantity : 1);
  if (!quantity) {
    why = fmt::format("{}: the quantity does not fit 64 bits", text::quoted(line));
    return std::nullopt;
  }
  return Scanned{*sku, *quantity};
}

}  // namespace invctl
