#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "apply/row_source.hpp"
#include "core/text.hpp"
#include "io/json_depth.hpp"
#include "io/line_reader.hpp"

namespace invctl::intake {

namespace {

using Object = nlohmann::json;

// The characters (code points) before byte `at`, plus one.
std::size_t column_at(std::string_view line, std::size_t at) {
  std::size_t column = 1;
  for (const char c : line.substr(0, at)) column += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return column;
}

// A value as it stands in the file, cut where it is long.
std::string shown(const Object& value) {
  const auto text = value.dump();
  if (text.size() <= text::quoted_max_bytes) return text::printable(text);
  return text::quoted(text);
}

class NdjsonRows : public RowSource {
 public:
  NdjsonRows(io::ByteSource& bytes, const std::string& file, const Mapping& mapping, std::size_t lines_before)
      : file_(file),
        mapping_(mapping),
        others_(mapping.other_columns()),
        reader_(bytes, std::size_t{1} << 20, lines_before) {
    for (std::size_t i = 0; i < field_count; ++i) {
      const auto mapped = mapping.columns.find(field_names[i]);
      keys_[i] = mapped == mapping.columns.end() ? std::string(field_names[i]) : mapped->second;
    }
  }

  Status next() override {
    faults_.clear();
    ends_file_ = false;
    for (;;) {
      const auto status = reader_.next();
      if (status == io::LineReader::Status::end) return Status::end;
      if (status != io::LineReader::Status::line) {
        ends_file_ = status == io::LineReader::Status::broken;
        return fail(reader_.column(), reader_.problem());
      }
      if (!text::trim(reader_.text()).empty()) break;
    }
    return parse() ? Status::row : Status::unreadable;
  }

  std::size_t line() const override { return reader_.line(); }
  std::string_view raw() const override { return reader_.text(); }
  std::size_t lines() const override { return lines_.size(); }

  std::string_view text(Field field, std::size_t at) const override {
    const auto i = index_of(field);
    if (mapping_.constants[i]) return *mapping_.constants[i];
    const auto& own = at < lines_.size() ? lines_[at][i] : row_[i];
    if (!own.empty()) return own;
    if (!row_[i].empty()) return row_[i];
    return mapping_.defaults[i] ? std::string_view(*mapping_.defaults[i]) : std::string_view();
  }

  std::string_view other(std::size_t index) const override { return other_texts_[index]; }

  io::Fault fault(Field field, std::size_t at, std::string message) const override {
    auto name = std::string(name_of(field));
    if (nested_) name = fmt::format("lines[{}].{}", at, name);
    return {file_, reader_.line(), 0, std::move(name), std::move(message)};
  }
  std::size_t column(Field) const override { return 0; }
  const std::vector<io::Fault>& faults() const override { return faults_; }
  bool ends_file() const override { return ends_file_; }

 private:
  using Texts = std::array<std::string, field_count>;

  Status fail(std::size_t column, std::string message) {
    faults_.push_back({file_, reader_.line(), column, {}, std::move(message)});
    return Status::unreadable;
  }

  bool parse() {
    lines_.assign(1, {});
    row_ = {};
    nested_ = false;
    const auto line = reader_.text();
    if (const auto bad = text::invalid_utf8_at(line)) {
      fail(column_at(line, *bad),
           fmt::format("the byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(line[*bad])));
      return false;
    }
    if (io::nested_deeper(line)) {
      fail(1, fmt::format("lists and objects stand in each other more than {} deep", io::most_levels));
      return false;
    }
    Object json;
    std::vector<std::set<std::string>> names;  // of the objects that are open
    std::optional<std::string> twice;
    const auto note_name = [&](int, Object::parse_event_t event, Object& part) {
      if (event == Object::parse_event_t::object_start) names.emplace_back();
      if (event == Object::parse_event_t::object_end) names.pop_back();
      if (event == Object::parse_event_t::key && !names.back().insert(part.get<std::string>()).second &&
          !twice) {
        twice = part.get<std::string>();
      }
      return true;
    };
    try {
      json = Object::parse(line, note_name);
    } catch (const Object::parse_error& error) {
      // `byte` counts from 1 and stands on the character that did not fit, or behind the end.
      const auto at = error.byte == 0 ? 0 : std::min(error.byte - 1, line.size());
      fail(column_at(line, at), at == line.size() ? "the JSON ends too early" : "is not JSON from here on");
      return false;
    }
    if (!json.is_object()) {
      fail(1, "is not a JSON object");
      return false;
    }
    if (twice) {  // which of the two was meant cannot be known
      fail(1, fmt::format("{} stands twice in one object", text::quoted(*twice)));
      return false;
    }
    read_texts(json, row_, 0);
    read_reject_key(json);
    if (const auto list = json.find("lines"); list != json.end()) read_list(*list);
    other_texts_.clear();
    for (const auto& name : others_) other_texts_.push_back(plain_text(json, name).value_or(""));
    return faults_.empty();
  }

  void read_reject_key(const Object& json) {
    auto& id = row_[index_of(Field::id)];
    const auto rejected = json.find(reject_object);
    if (!id.empty() || rejected == json.end() || !rejected->is_object()) return;
    id = plain_text(*rejected, "key").value_or("");
  }

  void read_list(const Object& list) {
    if (!list.is_array() || list.empty()) {
      fail(0, "\"lines\" is not a list of lines");
      return;
    }
    nested_ = true;
    lines_.assign(list.size(), {});
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].is_object()) {
        read_texts(list[i], lines_[i], i);
      } else {
        fail(0, fmt::format("lines[{}] is not a JSON object", i));
      }
    }
  }

  void read_texts(const Object& object, Texts& into, std::size_t at) {
    for (std::size_t i = 0; i < field_count; ++i) {
      if (mapping_.constants[i]) continue;
      auto value = plain_text(object, keys_[i]);
      if (value) {
        into[i] = std::move(*value);
      } else {
        faults_.push_back(fault(static_cast<Field>(i), at,
                                static_cast<Field>(i) == Field::quantity
                                    ? fmt::format("{} is not a whole number", shown(object.at(keys_[i])))
                                    : fmt::format("{} is not a text", shown(object.at(keys_[i])))));
      }
    }
  }

  // Texts and whole numbers; empty where there is none. Nothing for a value of another type.
  static std::optional<std::string> plain_text(const Object& object, const std::string& key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return "";
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number_integer()) return found->dump();
    return std::nullopt;
  }

  std::string file_;
  const Mapping& mapping_;
  std::vector<std::string> others_;
  io::LineReader reader_;
  std::array<std::string, field_count> keys_;
  Texts row_;
  std::vector<Texts> lines_;
  bool nested_ = false;
  std::vector<std::string> other_texts_;
  std::vector<io::Fault> faults_;
  bool ends_file_ = false;
};

}  // namespace

std::unique_ptr<RowSource> make_ndjson_rows(io::ByteSource& bytes, const std::string& file,
                                            const Mapping& mapping, RowForm& form, std::size_t lines_before) {
  form = {};
  form.ndjson = true;
  return std::make_unique<NdjsonRows>(bytes, file, mapping, lines_before);
}

}  // namespace invctl::intake
