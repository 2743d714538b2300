// Text in another encoding than UTF-8, through iconv: reading it as UTF-8 and writing UTF-8 back in it.
//
// Names are those of iconv (latin1, CP1252, EUC-KR, CP949, UHC, SHIFT_JIS, UTF-16, ...), case does not
// matter, and the Windows names of the Korean and Japanese code pages are known too. An unknown name is
// Error(usage, "unknown_encoding") with a hint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/byte_source.hpp"

namespace invctl::io {

// Whether `encoding` is a name of UTF-8, for which no conversion is needed.
bool is_utf8_name(std::string_view encoding);

// An open iconv conversion.
class Conversion {
 public:
  // Exactly one of the two is the foreign encoding; `encoding` is that one, for messages.
  Conversion(std::string_view to, std::string_view from, std::string_view encoding);
  ~Conversion();
  Conversion(const Conversion&) = delete;
  Conversion& operator=(const Conversion&) = delete;

  enum class Result { done, cut_short, invalid };

  // Converts from the front of `bytes`, which is moved past what was converted, and appends to `out`.
  // cut_short: the rest is the beginning of a character. invalid: the rest starts with bytes that are none.
  Result run(std::string_view& bytes, std::string& out);

  // Appends what returns to the initial state at the end of a text (ISO-2022 encodings).
  void finish(std::string& out);

 private:
  void* handle_;
};

// Converts chunks of a foreign encoding to UTF-8. Characters may be split between chunks.
class Decoder {
 public:
  explicit Decoder(std::string_view encoding);

  // Appends the UTF-8 of `bytes` to `out`. False once bytes were found that are not of the encoding: what
  // came before them has been appended, problem() says what and where, and nothing more is converted.
  bool convert(std::string_view bytes, std::string& out);
  // The same for the end of the data, where an incomplete character is a problem.
  bool finish(std::string& out);

  const std::string& problem() const { return problem_; }
  std::size_t line() const { return line_; }             // of the place reached, from 1
  std::uint64_t byte_offset() const { return offset_; }  // of the place reached, from 0

 private:
  void count_lines(std::string_view text);

  std::string encoding_;
  Conversion conversion_;
  std::string carry_;  // the beginning of a character that the next chunk completes
  std::string problem_;
  std::size_t line_ = 1;
  std::uint64_t offset_ = 0;
  bool after_cr_ = false;
};

// A source that decodes another one.
class DecodingSource : public ByteSource {
 public:
  // `input` must outlive it.
  DecodingSource(ByteSource& input, std::string_view encoding);

  std::size_t read(char* into, std::size_t size) override;
  std::string problem() const override { return decoder_.problem(); }

 private:
  ByteSource& input_;
  Decoder decoder_;
  std::string chunk_;
  std::string decoded_;
  std::size_t taken_ = 0;  // of decoded_
  bool ended_ = false;
};

// Converts UTF-8 back to a foreign encoding, for files that repeat rows in the form they came in. Two byte
// sequences of one character (some in CP932) come back as the usual one of them.
class Encoder {
 public:
  // UTF-8 is allowed here and passes bytes unchanged.
  explicit Encoder(std::string_view encoding);

  // Appends `text` to `out` in the encoding; `text` holds whole characters. Those that the encoding does
  // not have become a question mark and are counted in replaced().
  void convert(std::string_view text, std::string& out);
  void finish(std::string& out);  // at the end of the text
  std::size_t replaced() const { return replaced_; }

 private:
  std::unique_ptr<Conversion> conversion_;  // none: UTF-8
  std::size_t replaced_ = 0;
};

}  // namespace invctl::io
