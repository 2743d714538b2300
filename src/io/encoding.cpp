#include "io/encoding.hpp"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::io {

namespace {

// Names that Windows programs use and glibc does not know.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> aliases = {{
    {"windows-949", "CP949"},
    {"ms949", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"windows-31j", "CP932"},
    {"cp51949", "EUC-KR"},
    {"utf-8-sig", "UTF-8"},
}};

std::string iconv_name(std::string_view encoding) {
  const auto lower = text::lower_ascii(encoding);
  for (const auto& [alias, name] : aliases) {
    if (lower == alias) return std::string(name);
  }
  return std::string(encoding);
}

[[noreturn]] void throw_unknown(std::string_view encoding) {
  static const std::vector<std::string> common = {"UTF-8",  "UTF-16",  "latin1", "ISO-8859-1", "ISO-8859-15",
                                                  "CP1252", "EUC-KR",  "CP949",  "SHIFT_JIS",  "CP932",
                                                  "EUC-JP", "GB18030", "BIG5",   "KOI8-R"};
  std::vector<std::string> lower;
  lower.reserve(common.size());
  for (const auto& name : common) lower.push_back(text::lower_ascii(name));
  const auto near = text::closest(text::lower_ascii(encoding), lower);
  std::string hint;
  if (!near.empty()) {
    const auto at = std::find(lower.begin(), lower.end(), near) - lower.begin();
    hint = fmt::format("did you mean {}? ", common[static_cast<std::size_t>(at)]);
  }
  hint += "names are those of `iconv -l`, such as UTF-8, latin1, CP949, EUC-KR or SHIFT_JIS";
  throw Error(Exit::usage, "unknown_encoding", fmt::format("unknown encoding {}", text::quoted(encoding)),
              hint);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    out += fmt::format("{}0x{:02x}", out.empty() ? "" : " ", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

bool is_utf8_name(std::string_view encoding) {
  const auto name = text::lower_ascii(iconv_name(encoding));
  return name == "utf-8" || name == "utf8";
}

Conversion::Conversion(std::string_view to, std::string_view from, std::string_view encoding) {
  // An empty name is the locale's encoding, and what follows a slash can make iconv drop bad bytes in
  // silence: neither is meant.
  if (encoding.empty() || encoding.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos)
    throw_unknown(encoding);
  handle_ = iconv_open(iconv_name(to).c_str(), iconv_name(from).c_str());
  if (reinterpret_cast<std::intptr_t>(handle_) != -1) return;
  if (errno == EINVAL) throw_unknown(encoding);
  throw Error(Exit::internal,
              fmt::format("cannot convert {}: {}", encoding, std::generic_category().message(errno)));
}

Conversion::~Conversion() {
  iconv_close(handle_);
}

Conversion::Result Conversion::run(std::string_view& bytes, std::string& out) {
  auto* in = const_cast<char*>(bytes.data());  // iconv does not write there
  std::size_t in_left = bytes.size();
  for (;;) {
    const auto used = out.size();
    const auto room = in_left * 2 + 32;
    out.resize(used + room);
    char* to = out.data() + used;
    std::size_t to_left = room;
    const auto n = iconv(handle_, &in, &in_left, &to, &to_left);
    const int error = n == static_cast<std::size_t>(-1) ? errno : 0;
    out.resize(out.size() - to_left);
    bytes.remove_prefix(bytes.size() - in_left);
    if (error == E2BIG) continue;
    if (error == EINVAL) return Result::cut_short;
    return error == 0 ? Result::done : Result::invalid;
  }
}

void Conversion::finish(std::string& out) {
  std::array<char, 32> buffer{};
  char* to = buffer.data();
  std::size_t to_left = buffer.size();
  iconv(handle_, nullptr, nullptr, &to, &to_left);
  out.append(buffer.data(), buffer.size() - to_left);
}

Decoder::Decoder(std::string_view encoding) : encoding_(encoding), conversion_("UTF-8", encoding, encoding) {}

void Decoder::count_lines(std::string_view text) {
  for (const char c : text) {
    if (c == '\r' || (c == '\n' && !after_cr_)) ++line_;
    after_cr_ = c == '\r';
  }
}

bool Decoder::convert(std::string_view bytes, std::string& out) {
  if (!problem_.empty()) return false;
  std::string joined;
  if (!carry_.empty()) {
    joined = carry_.append(bytes);
    bytes = joined;
  }
  const auto start = out.size();
  const auto size = bytes.size();
  const auto result = conversion_.run(bytes, out);
  count_lines(std::string_view(out).substr(start));
  offset_ += size - bytes.size();
  carry_.assign(bytes);
  if (result != Conversion::Result::invalid) return true;
  problem_ = fmt::format("no {} character starts with the byte {} at offset {} of the file",
                         text::printable(encoding_), hex(bytes.substr(0, 1)), offset_);
  return false;
}

bool Decoder::finish(std::string& out) {
  if (!problem_.empty()) return false;
  if (!carry_.empty()) {
    problem_ = fmt::format("the file ends inside a character: {} at offset {} is not whole {}", hex(carry_),
                           offset_, text::printable(encoding_));
    return false;
  }
  conversion_.finish(out);
  return true;
}

DecodingSource::DecodingSource(ByteSource& input, std::string_view encoding)
    : input_(input), decoder_(encoding), chunk_(small_chunk, '\0') {}

std::size_t DecodingSource::read(char* into, std::size_t size) {
  while (taken_ == decoded_.size() && !ended_) {
    decoded_.clear();
    taken_ = 0;
    const auto n = input_.read(chunk_.data(), chunk_.size());
    const bool good = n > 0 ? decoder_.convert({chunk_.data(), n}, decoded_) : decoder_.finish(decoded_);
    ended_ = n == 0 || !good;
  }
  const auto n = decoded_.copy(into, size, taken_);
  taken_ += n;
  return n;
}

Encoder::Encoder(std::string_view encoding)
    : conversion_(is_utf8_name(encoding) ? nullptr
                                         : std::make_unique<Conversion>(encoding, "UTF-8", encoding)) {}

void Encoder::convert(std::string_view text, std::string& out) {
  if (conversion_ == nullptr) {
    out.append(text);
    return;
  }
  while (conversion_->run(text, out) != Conversion::Result::done) {
    ++replaced_;
    text.remove_prefix(text::character_size(text));
    std::string_view mark = "?";
    conversion_->run(mark, out);
  }
}

void Encoder::finish(std::string& out) {
  if (conversion_ != nullptr) conversion_->finish(out);
}

}  // namespace invctl::io
