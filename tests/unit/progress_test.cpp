#include "io/progress.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>
#include <thread>

#include "core/text.hpp"
#include "io_support.hpp"

namespace progress_test {

using namespace invctl;
using namespace invctl::io;
using namespace invctl::test;
using namespace std::chrono_literals;

namespace {

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

void work(Progress& progress, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) progress.add(1);
}

}  // namespace

TEST_CASE("counts are shown in groups of three and bytes in powers of 1000") {
  CHECK(with_thousands(std::uint64_t{0}) == "0");
  CHECK(with_thousands(std::uint64_t{999}) == "999");
  CHECK(with_thousands(std::uint64_t{1000}) == "1,000");
  CHECK(with_thousands(std::int64_t{-1000}) == "-1,000");
  CHECK(with_thousands(std::numeric_limits<std::int64_t>::min()) == "-9,223,372,036,854,775,808");
  CHECK(with_thousands(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(999) == "999 B");
  CHECK(format_bytes(1000) == "1.0 kB");
  CHECK(format_bytes(999'949) == "999.9 kB");
  CHECK(format_bytes(999'950) == "1.0 MB");
  CHECK(format_bytes(18'446'744'073'709'551'615U) == "18.4 EB");
}

TEST_CASE("a progress line shows label, percentage, bar, counts, rate and the time left") {
  CHECK(
      progress_line("seeding stock", 210'000, 500'000, Unit::rows, 2s, 100) ==
      "seeding stock   42%  [############.................]  210,000/500,000 rows  105,000 rows/s  ETA 0:02");
  CHECK(progress_line("reading", 12'345'678, 100'000'000, Unit::bytes, 10s, 80) ==
        "reading   12%  [###......................]  12.3 MB/100.0 MB  1.2 MB/s  ETA 1:11");
  CHECK(progress_line("done", 5, 5, Unit::rows, 1s, 70) ==
        "done  100%  [##############################]  5/5 rows  5 rows/s");
}

TEST_CASE("a progress line without a total counts, and one before its first second promises nothing") {
  CHECK(progress_line("reading", 1'500, 0, Unit::rows, 3s, 80) == "reading  1,500 rows  500 rows/s");
  CHECK(progress_line("reading", 0, 10, Unit::rows, 0ms, 40) == "reading    0%  [............]  0/10 rows");
}

TEST_CASE("a narrow terminal drops parts but never the percentage") {
  CHECK(progress_line("seeding stock", 210'000, 500'000, Unit::rows, 2s, 20) == "seeding stock   42%");
  CHECK(progress_line("seeding the stock", 21, 50, Unit::rows, 2s, 20) == "seeding the s…   42%");
  CHECK(progress_line("창고 재고를 채우는 중", 21, 50, Unit::rows, 2s, 20) == "창고 재고를…   42%");
}

TEST_CASE("a progress line fits every width, whatever the numbers and the label") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const std::string labels[] = {"x", "seeding stock", "창고 재고 채우기 부산 제2물류센터",
                                "\x1b[31mred\x1b[0m\n", ""};
  for (int i = 0; i < 5'000; ++i) {
    const auto done = random() >> (random() % 64);
    const auto total = random() >> (random() % 64);
    const std::chrono::milliseconds elapsed(static_cast<std::int64_t>(random() % 100'000'000));
    const auto unit = random() % 2 == 0 ? Unit::rows : Unit::bytes;
    const auto width = 1 + random() % 200;
    const auto line = progress_line(labels[random() % 5], done, total, unit, elapsed, width);
    INFO(line);
    REQUIRE(text::display_width(line) <= width);
    REQUIRE_FALSE(text::control_at(line));
  }
}

TEST_CASE("a progress bar on a terminal is drawn about ten times a second and taken away at the end") {
  const ScopedVariable term("TERM", "xterm");
  const ScopedVariable columns("COLUMNS", nullptr);
  const PseudoTerminal terminal(60);
  {
    Progress progress("seeding", 1'000'000'000, Unit::rows, true, terminal.fd());
    CHECK(progress.shown());
    work(progress, 450ms);
    const auto seen = terminal.seen();
    CHECK(occurrences(seen, "seeding") >= 2);
    CHECK(occurrences(seen, "seeding") <= 5);
  }
  CHECK(terminal.seen() == "\r\x1b[K");
}

TEST_CASE("an exception takes the progress bar away") {
  const ScopedVariable term("TERM", "xterm");
  const PseudoTerminal terminal(60);
  try {
    Progress progress("seeding", 100, Unit::rows, true, terminal.fd());
    work(progress, 150ms);
    throw std::runtime_error("bad row");
  } catch (const std::runtime_error&) {
  }
  const auto seen = terminal.seen();
  CHECK(occurrences(seen, "seeding") >= 1);
  CHECK(seen.substr(seen.size() - 4) == "\r\x1b[K");
}

TEST_CASE("a job that ends at once shows no bar") {
  const ScopedVariable term("TERM", "xterm");
  const PseudoTerminal terminal(60);
  {
    Progress progress("seeding", 3, Unit::rows, true, terminal.fd());
    progress.set(1);
    progress.set(3);
  }
  CHECK(terminal.seen().empty());
}

TEST_CASE("no bar is drawn into a file, on a dumb terminal, or when the user asked for quiet") {
  const ScopedVariable term("TERM", "xterm");
  const MemoryFile file;
  {
    Progress progress("seeding", 100, Unit::rows, true, file.fd());
    work(progress, 120ms);
  }
  CHECK(file.text().empty());
  const PseudoTerminal terminal(60);
  {
    Progress quiet("seeding", 100, Unit::rows, false, terminal.fd());
    work(quiet, 120ms);
    const ScopedVariable dumb("TERM", "dumb");
    Progress plain("seeding", 100, Unit::rows, true, terminal.fd());
    work(plain, 120ms);
  }
  CHECK(terminal.seen().empty());
}

TEST_CASE("a message has room while a bar is shown, and the next stage starts its own clock") {
  const ScopedVariable term("TERM", "xterm");
  const PseudoTerminal terminal(60);
  Progress progress("first", 100, Unit::rows, true, terminal.fd());
  work(progress, 150ms);
  progress.clear();
  const auto first = terminal.seen();
  CHECK(first.substr(first.size() - 4) == "\r\x1b[K");
  progress.restart("second", 10);
  work(progress, 150ms);
  CHECK(occurrences(terminal.seen(), "second") >= 1);
}

}  // namespace progress_test
