#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "apply/row_source.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "io/csv_header.hpp"

namespace invctl::intake {

namespace {

constexpr std::size_t no_spec = std::string::npos;

class CsvRows : public RowSource {
 public:
  CsvRows(io::ByteSource& bytes, const std::string& file, char delimiter, const Mapping& mapping,
          RowForm& form)
      : file_(file),
        mapping_(mapping),
        reader_(bytes, {.delimiter = delimiter}),
        header_(read_header(form)) {}

  Status next() override {
    faults_.clear();
    switch (reader_.next()) {
      case io::CsvReader::Status::end:
        return Status::end;
      case io::CsvReader::Status::malformed:
        faults_.push_back(reader_.fault(file_));
        return Status::unreadable;
      case io::CsvReader::Status::record:
        break;
    }
    io::FaultList found;
    if (reader_.fields().size() == header_.width()) {
      if (header_.check_row(reader_, found) && check_others(found)) return Status::row;
    } else {
      header_.check_row(reader_, found);
    }
    faults_ = found.kept();
    return Status::unreadable;
  }

  std::size_t line() const override { return reader_.line(); }
  // The beginning of a row that is too long could hold an open quote, and spoil what is written after it.
  std::string_view raw() const override { return reader_.raw_is_cut() ? std::string_view() : reader_.raw(); }

  std::string_view text(Field field, std::size_t) const override {
    const auto i = index_of(field);
    if (mapping_.constants[i]) return *mapping_.constants[i];
    if (specs_of_[i] != no_spec) {
      const auto value = header_.value(reader_, specs_of_[i]);
      if (!value.empty()) return value;
    }
    if (field == Field::id && reject_key_) return reader_.fields()[*reject_key_];
    return mapping_.defaults[i] ? std::string_view(*mapping_.defaults[i]) : std::string_view();
  }

  std::string_view other(std::size_t index) const override { return reader_.fields()[others_[index]]; }

  io::Fault fault(Field field, std::size_t, std::string message) const override {
    const auto spec = specs_of_[index_of(field)];
    if (spec != no_spec && header_.column(spec)) return header_.fault_at(reader_, spec, std::move(message));
    return {file_, reader_.line(), 1, std::string(name_of(field)), std::move(message)};
  }

  std::size_t column(Field field) const override {
    const auto spec = specs_of_[index_of(field)];
    const auto at = spec == no_spec ? std::nullopt : header_.column(spec);
    return at ? reader_.column_of(*at) : 0;
  }

  const std::vector<io::Fault>& faults() const override { return faults_; }
  bool ends_file() const override { return reader_.problem().ends_file; }

 private:
  io::CsvHeader read_header(RowForm& form) {
    specs_of_.fill(no_spec);
    const bool kind_needed = std::holds_alternative<KindColumn>(mapping_.kind);
    const bool kind_in_row = kind_needed || std::holds_alternative<Kind>(mapping_.kind);
    std::vector<io::FieldSpec> specs;
    for (std::size_t i = 0; i < field_count; ++i) {
      const auto field = static_cast<Field>(i);
      if (mapping_.constants[i] || (field == Field::kind && !kind_in_row)) continue;
      const bool needed =
          field == Field::sku || field == Field::quantity || (field == Field::kind && kind_needed) ||
          (field == Field::warehouse && !mapping_.default_warehouse && !mapping_.may_be_purchase());
      specs_of_[i] = specs.size();
      specs.push_back({std::string(field_names[i]), needed && !mapping_.defaults[i]});
    }
    auto header = io::CsvHeader::read(reader_, file_, "", specs, mapping_.columns);
    find_others(header);
    describe(header, form);
    return header;
  }

  void find_others(const io::CsvHeader& header) {
    const auto& names = header.column_names();
    for (const auto& wanted : mapping_.other_columns()) {
      auto found = std::find(names.begin(), names.end(), text::to_nfc(wanted));
      if (found == names.end()) {
        found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
          return text::lower_ascii(name) == text::lower_ascii(wanted);
        });
      }
      if (found == names.end()) missing(wanted, names);
      others_.push_back(static_cast<std::size_t>(found - names.begin()));
    }
  }

  [[noreturn]] void missing(const std::string& wanted, const std::vector<std::string>& names) const {
    std::vector<std::string> shown;
    for (const auto& name : names) shown.push_back(text::quoted(name));
    const auto near = text::closest(wanted, names);
    const io::Fault fault{file_,
                          reader_.line(),
                          1,
                          {},
                          fmt::format("there is no column {}; the columns are {}", text::quoted(wanted),
                                      text::join(shown, ", "))};
    Error error(Exit::bad_input, "bad_header", fault.to_string(),
                near.empty() ? "--group-by and --kind-map name columns of the file"
                             : fmt::format("did you mean {}?", text::quoted(near)));
    error.add_line(fault.to_error_line());
    throw error;
  }

  void describe(const io::CsvHeader& header, RowForm& form) {
    form.header = reader_.raw();
    form.delimiter = reader_.delimiter();
    form.line_end = reader_.line_end().empty() ? "\n" : reader_.line_end();
    const auto& names = header.column_names();
    form.has_reject_columns = names.size() > 2 && names[names.size() - 2] == reject_code_column &&
                              names.back() == reject_reason_column;
    form.has_reject_key =
        form.has_reject_columns && names.size() > 3 && names[names.size() - 3] == reject_key_column;
    form.own_columns = names.size() - (form.has_reject_columns ? 2 : 0) - (form.has_reject_key ? 1 : 0);
    if (form.has_reject_key) reject_key_ = form.own_columns;
  }

  bool check_others(io::FaultList& faults) const {
    for (const auto column : others_) {
      if (!text::invalid_utf8_at(reader_.fields()[column])) continue;
      const auto at = reader_.position_of(column);
      faults.add({file_, at.line, at.column, header_.column_names()[column],
                  "is not UTF-8; name the file's encoding with --encoding"});
      return false;
    }
    return true;
  }

  std::string file_;
  const Mapping& mapping_;
  io::CsvReader reader_;
  std::array<std::size_t, field_count> specs_of_{};
  std::vector<std::size_t> others_;
  std::optional<std::size_t> reject_key_;
  io::CsvHeader header_;
  std::vector<io::Fault> faults_;
};

}  // namespace

std::unique_ptr<RowSource> make_csv_rows(io::ByteSource& bytes, const std::string& file, char delimiter,
                                         const Mapping& mapping, RowForm& form) {
  return std::make_unique<CsvRows>(bytes, file, delimiter, mapping, form);
}

}  // namespace invctl::intake
