// The program of one target for libFuzzer.
#include <cstdio>
#include <cstdlib>

#include "fuzz.hpp"

namespace invctl::fuzz {

void broken(const std::string& promise, std::string_view detail) {
  std::fprintf(stderr, "BROKEN: %s\n%.*s\n", promise.c_str(), static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace invctl::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto target = invctl::fuzz::targets().at(0).target;
  target({reinterpret_cast<const char*>(data), size});
  return 0;
}
