#include "apply/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "io/fault.hpp"

namespace invctl::intake {

namespace {

std::string text_of(const ErrorLine& line, std::string_view name) {
  for (const auto& [key, value] : line.fields) {
    if (key != name) continue;
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? *text : std::string();
  }
  return {};
}

// The line of the operation that an entry of a refusal is about; null where it names none.
const LinePlace* place_of(const ReadOperation& read, const ErrorLine& line) {
  const auto sku = text_of(line, "sku");
  const auto warehouse = text_of(line, "warehouse");
  const auto found = std::find_if(read.places.begin(), read.places.end(), [&](const LinePlace& place) {
    return place.sku == sku && (place.warehouse.empty() || place.warehouse == warehouse);
  });
  return found == read.places.end() ? nullptr : &*found;
}

}  // namespace

Error place_refusal(const ReadOperation& read, const Error& refusal, const std::string& file) {
  Error placed(refusal.exit, refusal.code, refusal.message, refusal.hint);
  if (refusal.lines.empty()) {
    placed.add_line(io::Fault{file, read.line, 0, {}, refusal.message}.to_error_line());
  }
  for (const auto& line : refusal.lines) {
    const auto* place = place_of(read, line);
    auto entry = io::Fault{file,
                           place != nullptr ? place->line : read.line,
                           place != nullptr ? place->column : 0,
                           {},
                           line.message}
                     .to_error_line();
    // What is known about the refusal itself, after where it is.
    for (const auto& field : line.fields) entry.fields.push_back(field);
    placed.add_line(std::move(entry));
  }
  return placed;
}

Error malformed(const ReadOperation& read) {
  Error error(Exit::bad_input, "bad_row", read.faults.kept().front().message, "");
  read.faults.add_to(error);
  return error;
}

std::string in_one_line(const Error& error) {
  if (error.lines.empty()) return error.message;
  std::string text;
  const auto shown = std::min<std::size_t>(error.lines.size(), 3);
  for (std::size_t i = 0; i < shown; ++i) text += (i > 0 ? "; " : "") + error.lines[i].message;
  if (error.lines.size() > shown) text += fmt::format("; and {} more", error.lines.size() - shown);
  return text;
}

}  // namespace invctl::intake
