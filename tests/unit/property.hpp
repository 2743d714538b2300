// Random inputs that can be repeated: a test says INFO(seed) and shows the seed when it fails;
// INVCTL_TEST_SEED runs that one again.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace invctl::test {

class Random {
 public:
  Random()
      : seed_(std::getenv("INVCTL_TEST_SEED") != nullptr ? std::stoull(std::getenv("INVCTL_TEST_SEED"))
                                                         : std::random_device{}()),
        engine_(seed_) {}

  // A whole number from `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool one_in(int n) { return between(1, n) == 1; }

  template <class T>
  const T& pick(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(values.size()) - 1))];
  }

  // Numbers where mistakes hide: small ones, any number of bits, and the last few before `high`.
  std::int64_t magnitude(std::int64_t high) {
    if (one_in(8)) return high - between(0, std::min<std::int64_t>(3, high));
    if (one_in(4)) return between(0, high) >> between(0, 62);
    return between(0, std::min<std::int64_t>(12, high));
  }

  friend std::ostream& operator<<(std::ostream& out, const Random& random) {
    return out << "repeat with INVCTL_TEST_SEED=" << random.seed_;
  }

 private:
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace invctl::test
