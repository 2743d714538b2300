#include "catalog/seed_input.hpp"

namespace invctl {

SeedInput::SeedInput(SeedKind kind, const std::string& path, const io::ColumnMap& map, const SeedForm& form)
    : kind_(kind), map_(map), form_(form), file_(io::InputFile::open(path)) {
  start();
}

void SeedInput::start() {
  reader_.reset();
  decoder_.reset();
  io::ByteSource* source = &file_;
  if (!io::is_utf8_name(form_.encoding)) source = &decoder_.emplace(file_, form_.encoding);
  reader_.emplace(*source, io::CsvOptions{.delimiter = form_.delimiter});
  header_ = io::CsvHeader::read(*reader_, name(), seed_kind_name(kind_), seed_fields(kind_), map_);
  raw_header_ = reader_->raw();
  line_end_ = reader_->line_end().empty() ? "\n" : reader_->line_end();
}

void SeedInput::restart() {
  file_.rewind();
  start();
}

}  // namespace invctl
