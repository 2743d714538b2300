#include "apply/kind_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/csv_header.hpp"
#include "io/input_file.hpp"

namespace invctl::intake {

namespace {

std::size_t character_at(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xc0) == 0x80) ++size;
  return size;
}

}  // namespace

Kind parse_applied_kind(std::string_view name) {
  const auto kind = parse_kind(name);
  const bool applied =
      kind == Kind::receive || kind == Kind::ship || kind == Kind::adjust || kind == Kind::purchase;
  if (applied) return *kind;
  throw Error(Exit::usage,
              fmt::format("{} is not a kind: receive, ship, adjust or purchase", text::quoted(name)),
              kind == Kind::opening ? "opening stock is posted by `invctl seed-from-csv --stock`" : "");
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;  // of the last `*`, and where it began to match
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      t += character_at(text, t);
      ++p;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      // The star takes one more; no earlier star can do better.
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

KindMap KindMap::read(const std::string& path) {
  auto file = io::InputFile::open(path);
  io::CsvReader reader(file);
  const std::vector<io::FieldSpec> specs{{"column", true}, {"pattern", true}, {"kind", true}};
  const auto header = io::CsvHeader::read(reader, file.name(), "", specs, {});
  std::vector<KindRule> rules;
  io::FaultList faults;
  for (;;) {
    const auto status = reader.next();
    if (status == io::CsvReader::Status::end) break;
    if (status == io::CsvReader::Status::malformed) {
      faults.add(reader.fault(file.name()));
      continue;
    }
    if (!header.check_row(reader, faults)) continue;
    KindRule rule{
        std::string(text::trim(header.value(reader, 0))), text::to_nfc(header.value(reader, 1)), {}};
    const auto kind = header.value(reader, 2);
    if (rule.column.empty()) faults.add(header.fault_at(reader, 0, "is empty"));
    try {
      if (kind != "skip") rule.kind = parse_applied_kind(kind);
      rules.push_back(std::move(rule));
    } catch (const Error& error) {
      faults.add(header.fault_at(reader, 2, error.message + ", or skip"));
    }
  }
  if (faults.empty() && rules.empty()) faults.add({file.name(), 1, 0, {}, "there is no rule"});
  if (!faults.empty()) {
    Error error(Exit::bad_input, "bad_kind_map",
                fmt::format("{} is not a map of kinds", text::printable(file.name())),
                "its rows are column,pattern,kind: InvoiceNo,C*,receive");
    faults.add_to(error);
    throw error;
  }
  return {file.name(), std::move(rules)};
}

std::vector<std::string> KindMap::columns() const {
  std::vector<std::string> columns;
  for (const auto& rule : rules_) {
    if (std::find(columns.begin(), columns.end(), rule.column) == columns.end())
      columns.push_back(rule.column);
  }
  return columns;
}

KindBySign KindBySign::parse(std::string_view text) {
  const auto names = text::split(text, ',');
  if (names.size() != 2) {
    throw Error(Exit::usage, fmt::format("--kind-from-sign {} does not name two kinds", text::quoted(text)),
                "the kind of positive quantities, then that of negative ones: --kind-from-sign ship,receive");
  }
  return {parse_applied_kind(text::trim(names[0])), parse_applied_kind(text::trim(names[1]))};
}

}  // namespace invctl::intake
