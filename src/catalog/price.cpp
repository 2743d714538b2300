#include "catalog/price.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/catalog.hpp"
#include "core/error.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"

namespace invctl {

namespace {

// Products of two 64-bit numbers fit.
__extension__ using Wide = __int128;

Wide distance(Minor a, Minor b) {
  return a < b ? Wide{b} - a : Wide{a} - b;
}

}  // namespace

Digest price_hash(const PriceChange& change) {
  FieldText text("invctl-price-1");
  text.add_hex(change.uid).add(change.key);
  text.add(std::string_view(change.actor)).add(std::string_view(change.reason));
  text.add(change.effective_at).add(change.recorded_at);
  text.add(std::string_view(change.host)).add(std::string_view(change.tool_version));
  text.add(static_cast<std::int64_t>(change.lines.size()));
  std::vector<const PriceLine*> lines;
  lines.reserve(change.lines.size());
  for (const auto& line : change.lines) lines.push_back(&line);
  const auto before = [](const auto* a, const auto* b) { return a->sku < b->sku; };
  if (!std::is_sorted(lines.begin(), lines.end(), before)) std::sort(lines.begin(), lines.end(), before);
  for (const auto* line : lines) {
    text.add(std::string_view(line->sku)).add(line->version).add(line->old_minor).add(line->new_minor);
  }
  return text.digest();
}

PriceBatch::PriceBatch(const PriceNote& note, std::optional<Micros> effective_at) {
  change_.key = note.key;
  change_.actor = note.actor;
  change_.reason = note.reason;
  change_.host = note.host;
  change_.tool_version = note.tool_version;
  change_.recorded_at = note.now;
  change_.effective_at = effective_at.value_or(note.now);
}

void PriceBatch::add(Product& product, const std::optional<Minor>& old_price,
                     const std::optional<Minor>& new_price) {
  change_.lines.push_back({product.id, product.sku, ++product.price_version, old_price, new_price});
}

PriceChange PriceBatch::finish() && {
  change_.uid = random_uid();
  change_.line_count = static_cast<std::int64_t>(change_.lines.size());
  change_.hash = price_hash(change_);
  return std::move(change_);
}

PriceLimit PriceLimit::parse(std::string_view text, std::string_view what) {
  const auto wrong = [&](const std::string& why) {
    return Error(Exit::usage, fmt::format("{}: {} {}", what, text::quoted(text), why),
                 "such as 30% or 12.5%");
  };
  auto digits = text;
  if (digits.ends_with('%')) digits.remove_suffix(1);
  const auto point = digits.find('.');
  const auto whole = digits.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view() : digits.substr(point + 1);
  const bool fractional = point != std::string_view::npos;
  const auto is_number = [](std::string_view s) {
    return s.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (whole.empty() || (fractional && fraction.empty()) || !is_number(whole) || !is_number(fraction)) {
    throw wrong("is not a percentage");
  }
  constexpr std::size_t decimals = 6;
  if (fraction.size() > decimals) throw wrong("has more than six decimals");
  std::string why;
  const auto value = parse_whole(
      std::string(whole) + std::string(fraction) + std::string(decimals - fraction.size(), '0'), why);
  constexpr std::int64_t most = 1'000'000LL * 1'000'000LL;
  if (!value || *value > most) throw wrong("is more than 1000000%");
  return {*value, std::string(digits) + "%"};
}

bool PriceLimit::allows(const std::optional<Minor>& old_price, const std::optional<Minor>& new_price) const {
  if (!old_price || !new_price) return true;
  return distance(*old_price, *new_price) * 100'000'000 <= Wide{millionths_} * *old_price;
}

std::optional<std::string> shown_change(const std::optional<Minor>& old_price,
                                        const std::optional<Minor>& new_price) {
  if (!old_price || !new_price || *old_price <= 0) return std::nullopt;
  const auto tenths = (distance(*old_price, *new_price) * 1000 * 2 + *old_price) / (Wide{*old_price} * 2);
  const char* sign = *new_price > *old_price ? "+" : *new_price < *old_price ? "-" : "";
  if (tenths > INT64_MAX) return fmt::format("{}huge", sign);
  const auto value = static_cast<std::int64_t>(tenths);
  return fmt::format("{}{}.{} %", sign, value / 10, value % 10);
}

}  // namespace invctl
