// Values made ahead in another thread arrive in order, with their failures, and nobody waits for ever.
#include "core/ahead.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>

namespace ahead_test {

using namespace invctl;

TEST_CASE("what another thread makes ahead is taken in order, to the end") {
  int made = 0;
  Ahead<std::unique_ptr<int>> numbers(
      [&]() -> std::optional<std::unique_ptr<int>> {
        if (made == 1000) return std::nullopt;
        return std::make_unique<int>(made++);
      },
      3);
  for (int i = 0; i < 1000; ++i) {
    const auto number = numbers.next();
    REQUIRE(number);
    REQUIRE(**number == i);
  }
  CHECK_FALSE(numbers.next());
  CHECK_FALSE(numbers.next());
}

TEST_CASE("no more is made ahead than was asked for") {
  std::atomic<int> made = 0;
  int most = 0;
  {
    Ahead<int> numbers(
        [&]() -> std::optional<int> { return made == 200 ? std::nullopt : std::optional(++made); }, 3);
    for (int taken = 0; const auto number = numbers.next(); ++taken) {
      REQUIRE(*number == taken + 1);
      // Three wait, one more may be in the making.
      most = std::max(most, made - *number);
    }
  }
  CHECK(made == 200);
  CHECK(most <= 4);
}

TEST_CASE("with nothing ahead each value is made when it is asked for") {
  int made = 0;
  Ahead<int> numbers([&]() -> std::optional<int> { return made == 3 ? std::nullopt : std::optional(++made); },
                     0);
  for (int i = 1; i <= 3; ++i) {
    CHECK(made == i - 1);
    CHECK(numbers.next() == i);
  }
  CHECK_FALSE(numbers.next());
}

TEST_CASE("a failure ahead comes after what was made before it") {
  int made = 0;
  Ahead<int> numbers(
      [&]() -> std::optional<int> {
        if (made == 5) throw std::runtime_error("no sixth");
        return ++made;
      },
      2);
  for (int i = 1; i <= 5; ++i) CHECK(numbers.next() == i);
  CHECK_THROWS_WITH(numbers.next(), "no sixth");
}

TEST_CASE("who takes no more is not kept, though there is no end of values") {
  std::atomic<int> made = 0;
  {
    Ahead<int> numbers([&]() -> std::optional<int> { return ++made; }, 2);
    CHECK(numbers.next() == 1);
  }
  const int then = made;
  CHECK(then <= 5);
  CHECK(made == then);
}

}  // namespace ahead_test
