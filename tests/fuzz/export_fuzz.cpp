// Exports of a ledger, as `import` and `verify FILE` read them: every line that is understood can be written
// out and is understood the same, pieces change nothing, and whatever a forged file says is told safely.
#include "apply/export_read.hpp"
#include "core/text.hpp"
#include "fuzz.hpp"

namespace invctl::fuzz {

namespace {

using intake::ExportLine;

std::string written(const ExportLine& line) {
  switch (line.kind) {
    case ExportLine::Kind::header:
      return intake::header_line(line.header);
    case ExportLine::Kind::warehouse:
      return intake::warehouse_line(line.warehouse);
    case ExportLine::Kind::product:
      return intake::product_line(line.product);
    case ExportLine::Kind::threshold:
      return intake::threshold_line(line.threshold);
    case ExportLine::Kind::price:
      return intake::price_line(line.price);
    case ExportLine::Kind::operation:
      return intake::operation_line(line.operation);
    case ExportLine::Kind::end:
      break;
  }
  return intake::end_line(line.end);
}

std::optional<ExportLine> parsed(std::string_view text) {
  try {
    return intake::parse_export_line(text);
  } catch (const Error& error) {
    require(error.exit == Exit::bad_input, "a line that is not understood is bad input", error.message);
    require_safe(error);
    return std::nullopt;
  }
}

std::string checked(std::string_view text, std::size_t chunk) {
  io::MemorySource source(text, chunk);
  try {
    const auto check = intake::check_export(source, "f");
    std::string said = std::to_string(check.counts.operations) + " " + check.counts.seal;
    for (const auto& violation : check.report.violations) said += "\n" + text::printable(violation.message());
    return said;
  } catch (const Error& error) {
    require(error.exit == Exit::bad_input, "a bad export is said to be one", error.message);
    require_safe(error);
    return error.message;
  }
}

void check_exports(std::string_view input) {
  Choices choices(input);
  const auto chunk = 1 + choices.below(64);
  const auto text = choices.rest();
  for (const auto each : text::split(text, '\n')) {
    const auto line = parsed(each);
    if (!line) continue;
    const auto out = written(*line);
    const auto again = parsed(out);
    require(again.has_value(), "a line that is written out is understood", out);
    require(written(*again) == out, "a line that is written out is understood the same", out);
  }
  const auto whole = checked(text, std::string_view::npos);
  require(checked(text, chunk) == whole, "pieces change nothing", whole);
}

[[maybe_unused]] const bool added = add_target("export", check_exports);

}  // namespace
}  // namespace invctl::fuzz
