// Where the readers of src/io get their bytes from: a file, a decoder in front of one, or memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace invctl::io {

// How much is asked for at once, in bytes: of what is looked at line by line, and of whole files.
inline constexpr std::size_t small_chunk = std::size_t{64} << 10, large_chunk = std::size_t{256} << 10;

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Reads at most `size` bytes (size > 0); fewer may come, 0 means that there are no more.
  // Throws Error(bad_input, "cannot_read") where the system fails.
  virtual std::size_t read(char* into, std::size_t size) = 0;

  // After read() gave 0: why the bytes stop before the data does (bytes that are not of the declared
  // encoding). Empty at a proper end. Bytes before the bad place have been delivered.
  virtual std::string problem() const { return {}; }
};

// Bytes in memory, delivered at most `chunk` at a time. `bytes` must outlive it.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes, std::size_t chunk = std::string_view::npos)
      : rest_(bytes), chunk_(chunk) {}

  std::size_t read(char* into, std::size_t size) override {
    const auto n = std::min({size, chunk_, rest_.size()});
    if (n > 0) std::memcpy(into, rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
  std::size_t chunk_;
};

}  // namespace invctl::io
