#include "apply/input.hpp"

#include <algorithm>

#include "apply/export_format.hpp"

namespace invctl::intake {

std::size_t Input::Hashing::read(char* into, std::size_t size) {
  const auto n = source_.read(into, size);
  sum.update({into, n});
  return n;
}

Input::Input(InputOptions options, const Mapping& mapping)
    : options_(std::move(options)),
      mapping_(mapping),
      file_(io::InputFile::open(options_.path)),
      ndjson_(look_at_start()) {}

bool Input::look_at_start() {
  char bytes[64];
  const auto n = file_.read(bytes, sizeof bytes);
  file_.rewind();
  std::string_view start(bytes, n);
  is_export_ = intake::is_export(start);
  if (options_.ndjson) return *options_.ndjson;
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  const auto first = start.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && start[first] == '{';
}

RowSource& Input::start_pass() {
  rows_.reset();
  decoder_.reset();
  hashing_.reset();
  file_.rewind();
  io::ByteSource* source = &file_;
  if (!digest_) source = &hashing_.emplace(*source);
  if (!io::is_utf8_name(options_.encoding)) source = &decoder_.emplace(*source, options_.encoding);
  rows_ = ndjson_ ? make_ndjson_rows(*source, name(), mapping_, form_)
                  : make_csv_rows(*source, name(), options_.delimiter, mapping_, form_);
  return *rows_;
}

void Input::end_first_pass() {
  if (!digest_) digest_ = hashing_->sum.finish();
}

}  // namespace invctl::intake
