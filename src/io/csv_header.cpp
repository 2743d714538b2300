#include "io/csv_header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/shell_word.hpp"
#include "core/text.hpp"

namespace invctl::io {

namespace {

constexpr std::size_t listed_max = 40;  // columns a message lists
constexpr std::string_view other_delimiters = ";\t|,";

// A name that is not UTF-8 stays as it is: it equals nothing that a user can type.
std::string normal_name(std::string_view raw) {
  const auto name = text::trim(raw);
  return text::invalid_utf8_at(name) ? std::string(name) : text::to_nfc(name);
}

std::string listed(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), listed_max); ++i)
    shown.push_back(text::quoted(names[i]));
  auto out = text::join(shown, ", ");
  if (names.size() > listed_max) out += fmt::format(" and {} more", names.size() - listed_max);
  return out;
}

std::string qualified(std::string_view kind, std::string_view field) {
  return kind.empty() ? std::string(field) : fmt::format("{}.{}", kind, field);
}

void check_map(std::string_view kind, std::span<const FieldSpec> specs, const ColumnMap& map) {
  std::vector<std::string> known;
  for (const auto& spec : specs) known.push_back(spec.name);
  for (const auto& [field, column] : map) {
    if (std::find(known.begin(), known.end(), field) != known.end()) continue;
    const auto near = text::closest(field, known);
    const auto list = text::join(known, ", ");
    throw Error(
        Exit::usage, fmt::format("--map names an unknown field {}", text::quoted(qualified(kind, field))),
        near.empty() ? fmt::format("the fields are {}", list)
                     : fmt::format("did you mean {}? the fields are {}", qualified(kind, near), list));
  }
}

std::vector<std::size_t> matches(const std::vector<std::string>& names, const std::string& wanted) {
  std::vector<std::size_t> found;
  const auto collect = [&](auto&& equal) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (equal(names[i])) found.push_back(i);
    }
  };
  collect([&](const std::string& name) { return name == wanted; });
  if (!found.empty()) return found;
  const auto lower = text::lower_ascii(wanted);
  collect([&](const std::string& name) { return text::lower_ascii(name) == lower; });
  return found;
}

// What to try when a column is not there.
std::string missing_hint(const CsvReader& record, const std::vector<std::string>& names,
                         const std::string& field, const std::string& wanted) {
  const auto broken = [](const std::string& name) { return text::invalid_utf8_at(name).has_value(); };
  if (std::any_of(names.begin(), names.end(), broken)) {
    return "the header is not UTF-8; name the file's encoding with --encoding";
  }
  if (names.size() == 1) {
    for (const char c : other_delimiters) {
      if (c == record.delimiter() || record.raw().find(c) == std::string_view::npos) continue;
      return c == '\t' ? "the columns seem to be separated by tabs: --delimiter tab"
                       : fmt::format("the columns seem to be separated by {0}: --delimiter '{0}'", c);
    }
  }
  std::vector<std::string> lower;
  lower.reserve(names.size());
  for (const auto& name : names) lower.push_back(text::lower_ascii(name));
  const auto near = text::closest(text::lower_ascii(wanted), lower);
  if (near.empty()) return fmt::format("name the column with --map {}=COLUMN", field);
  const auto at = static_cast<std::size_t>(std::find(lower.begin(), lower.end(), near) - lower.begin());
  return fmt::format("did you mean {}? --map {}", text::quoted(names[at]),
                     shell_word(field + "=" + names[at]));
}

[[noreturn]] void throw_faults(std::string_view file, const std::vector<Fault>& faults, std::string hint) {
  auto message =
      faults.size() == 1
          ? faults.front().to_string()
          : fmt::format("{}: {}", text::printable(file),
                        text::count(static_cast<long long>(faults.size()), "problem") + " in the header");
  Error error(Exit::bad_input, "bad_header", std::move(message), std::move(hint));
  for (const auto& fault : faults) error.add_line(fault.to_error_line());
  throw error;
}

}  // namespace

CsvHeader CsvHeader::read(CsvReader& reader, std::string_view file, std::string_view kind,
                          std::span<const FieldSpec> specs, const ColumnMap& map) {
  switch (reader.next()) {
    case CsvReader::Status::record:
      return resolve(file, kind, reader, specs, map);
    case CsvReader::Status::malformed:
      throw_faults(file, {reader.fault(file)}, {});
    case CsvReader::Status::end:
      break;
  }
  throw_faults(file, {{std::string(file), 1, 1, {}, "the file is empty"}},
               "its first line must name the columns");
}

CsvHeader CsvHeader::resolve(std::string_view file, std::string_view kind, const CsvReader& record,
                             std::span<const FieldSpec> specs, const ColumnMap& map) {
  check_map(kind, specs, map);
  CsvHeader header;
  header.file_ = file;
  for (const auto name : record.fields()) header.names_.push_back(normal_name(name));

  std::vector<Fault> faults;
  std::string hint;
  for (const auto& spec : specs) {
    const auto mapped = map.find(spec.name);
    const bool is_mapped = mapped != map.end();
    const auto wanted = normal_name(is_mapped ? mapped->second : spec.name);
    const auto field = qualified(kind, spec.name);
    const auto found = matches(header.names_, wanted);
    header.fields_.push_back(spec.name);
    header.columns_.push_back(found.empty() ? std::nullopt : std::optional(found.front()));
    if (found.size() > 1) {
      const auto at = record.position_of(found[1]);
      faults.push_back({header.file_, at.line, at.column, field,
                        fmt::format("{} columns are called {}", found.size(), text::quoted(wanted))});
      if (hint.empty()) hint = "rename one of them, or choose another column with --map " + field + "=COLUMN";
    } else if (found.empty() && (spec.required || is_mapped)) {
      faults.push_back({header.file_, record.line(), 1, field,
                        fmt::format("there is no column {}; the columns are {}", text::quoted(wanted),
                                    listed(header.names_))});
      if (hint.empty()) hint = missing_hint(record, header.names_, field, wanted);
    }
  }
  if (!faults.empty()) throw_faults(file, faults, hint);
  return header;
}

std::string_view CsvHeader::value(const CsvReader& row, std::size_t field) const {
  const auto at = columns_.at(field);
  return at ? row.fields().at(*at) : std::string_view();
}

bool CsvHeader::check_row(const CsvReader& row, FaultList& faults) const {
  const auto size = row.fields().size();
  if (size != width()) {
    faults.add({file_,
                row.line(),
                1,
                {},
                fmt::format("has {}, the header has {}", text::count(static_cast<long long>(size), "field"),
                            width())});
    return false;
  }
  bool good = true;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto bytes = value(row, i);
    const auto bad = text::invalid_utf8_at(bytes);
    if (!bad) continue;
    good = false;
    faults.add(
        fault_at(row, i,
                 fmt::format("the byte 0x{:02x} is not UTF-8; name the file's encoding with --encoding",
                             static_cast<unsigned char>(bytes[*bad]))));
  }
  return good;
}

Fault CsvHeader::fault_at(const CsvReader& row, std::size_t field, std::string message) const {
  const auto column = columns_.at(field);
  const auto at = column ? row.position_of(*column) : Position{row.line(), 1};
  return {file_, at.line, at.column, fields_.at(field), std::move(message)};
}

}  // namespace invctl::io
