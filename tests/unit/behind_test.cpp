// What is given to another thread is used in order, all of it, and its failures come back.
#include "core/behind.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

namespace behind_test {

using namespace invctl;

TEST_CASE("what is given to another thread was used in order when finish() returns") {
  std::vector<int> used;
  Behind<std::vector<int>> numbers(
      [&](std::vector<int>& piece) {
        used.insert(used.end(), piece.begin(), piece.end());
        piece.clear();
      },
      3);
  std::size_t reused = 0;
  for (int i = 0; i < 1000; ++i) {
    auto piece = numbers.fresh();
    REQUIRE(piece.empty());
    reused += piece.capacity() > 0 ? 1 : 0;
    piece.push_back(i);
    numbers.give(std::move(piece));
  }
  numbers.finish();
  REQUIRE(used.size() == 1000);
  for (int i = 0; i < 1000; ++i) REQUIRE(used[static_cast<std::size_t>(i)] == i);
  // Four at most are in line or in use; all later ones are made of those.
  CHECK(reused >= 1000 - 5);
}

TEST_CASE("nothing given, nothing to wait for") {
  bool called = false;
  Behind<int> numbers([&](int&) { called = true; }, 1);
  numbers.finish();
  CHECK_FALSE(called);
}

TEST_CASE("a failure in the other thread comes back, and nothing after it is used") {
  std::atomic<int> used = 0;
  const auto use = [&](int& number) {
    if (number == 5) throw std::runtime_error("not five");
    ++used;
  };
  {
    Behind<int> numbers(use, 2);
    for (int i = 0; i <= 5; ++i) numbers.give(i);
    CHECK_THROWS_WITH(numbers.finish(), "not five");
    CHECK_THROWS_WITH(numbers.give(6), "not five");
  }
  CHECK(used == 5);
  // Also where the one who gives would wait for room.
  Behind<int> numbers(use, 1);
  const auto give_many = [&] {
    for (int i = 5; i < 100; ++i) numbers.give(5);
  };
  CHECK_THROWS_WITH(give_many(), "not five");
}

TEST_CASE("who goes away without finish() leaves nothing running") {
  std::atomic<int> used = 0;
  {
    Behind<int> numbers([&](int&) { ++used; }, 100);
    for (int i = 0; i < 100; ++i) numbers.give(i);
  }
  const int then = used;
  CHECK(then <= 100);
  CHECK(used == then);
}

}  // namespace behind_test
