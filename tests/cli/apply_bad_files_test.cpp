// Ten files that cannot be applied: what is said about each, word by word, and that nothing is written.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "harness.hpp"

namespace apply_bad_files_test {

using namespace invctl::test;

namespace {

struct Shop : Database {
  Shop() {
    must({"warehouse", "add", "E", "--name", "East"});
    must({"product", "add", "A", "--name", "A"});
    must({"receive", "-w", "E", "A=1000000"});
  }

  // What apply says about `content`; it must leave the ledger as it is.
  std::string complaint(const std::string& content, int exit, std::vector<std::string> options = {}) {
    const auto path = dir().write("f.csv", content);
    const auto before = rows("SELECT COUNT(*), MAX(id) FROM operation");
    std::vector<std::string> command = {"apply", "f.csv"};
    command.insert(command.end(), options.begin(), options.end());
    const auto result = run(command, {.cwd = dir().path()});
    CHECK(result.exit == exit);
    CHECK(result.out.empty());
    CHECK(rows("SELECT COUNT(*), MAX(id) FROM operation") == before);
    CHECK(integer("SELECT COUNT(*) FROM applied_file") == 0);
    return result.err;
  }
};

const std::string head = "kind,warehouse,sku,quantity,doc\n";

}  // namespace

TEST_CASE("a mapped column that is not there is named, with what is there") {
  Shop shop;
  CHECK(shop.complaint("kind,warehouse,StockCode,Menge\nship,E,A,1\n", 8,
                       {"--map", "sku=StokCode", "--map", "quantity=Menge"}) ==
        "invctl: apply: f.csv:1:1: sku: there is no column \"StokCode\"; the columns are \"kind\", "
        "\"warehouse\", "
        "\"StockCode\", \"Menge\"\nhint: did you mean \"StockCode\"? --map sku=StockCode\n");
  CHECK(shop.complaint(head + "ship,E,A,1,1\n", 8, {"--group-by", "Doc No"}) ==
        "invctl: apply: f.csv:1:1: there is no column \"Doc No\"; the columns are \"kind\", \"warehouse\", "
        "\"sku\", "
        "\"quantity\", \"doc\"\nhint: --group-by and --kind-map name columns of the file\n");
}

TEST_CASE("a needed column that is missing is named") {
  Shop shop;
  CHECK(shop.complaint("kind,warehouse,quantity\nship,E,1\n", 8) ==
        "invctl: apply: f.csv:1:1: sku: there is no column \"sku\"; the columns are \"kind\", \"warehouse\", "
        "\"quantity\"\nhint: name the column with --map sku=COLUMN\n");
}

TEST_CASE("a file with bad rows has its unknown codes named too, also those of the bad rows") {
  Shop shop;
  CHECK(shop.complaint(head + "ship,E,A,x,1\nship,WEST,A,1,2\nship,E,NOPE,0,3\nship,E,A,1,4\n", 8) ==
        "invctl: apply: f.csv:2:10: quantity: \"x\" is not a whole number\n"
        "invctl: apply: f.csv:3: warehouse: no warehouse WEST\n"
        "invctl: apply: f.csv:4:13: quantity: 0 moves nothing\n"
        "invctl: apply: f.csv:4:8: sku: no product NOPE\n"
        "hint: correct them, or skip them with --on-error skip --rejects FILE\n");
}

TEST_CASE("every bad quantity is named with its line and column") {
  Shop shop;
  CHECK(
      shop.complaint(head + "ship,E,A,1,1\nship,E,A,1.5,1\nship,E,\"A\",-2,1\nship,E,A,0,1\nship,E,A,,1\n"
                            "ship,E,A,9223372036854775808,1\n",
                     8) ==
      "invctl: apply: f.csv:3:10: quantity: \"1.5\" is not a whole number\n"
      "invctl: apply: f.csv:4:12: quantity: -2 cannot be taken: --kind-map and --kind-from-sign read signs\n"
      "invctl: apply: f.csv:5:10: quantity: 0 moves nothing\n"
      "invctl: apply: f.csv:6:10: quantity: is empty\n"
      "invctl: apply: f.csv:7:10: quantity: \"9223372036854775808\" does not fit 64 bits (at most "
      "9223372036854775807)\nhint: correct them, or skip them with --on-error skip --rejects FILE\n");
}

TEST_CASE("unknown SKUs are named wherever they are, on line 3 and on line 400,000") {
  Shop shop;
  std::string content = head;
  for (int line = 2; line <= 400'001; ++line) {
    content += line == 3 || line == 400'000 ? "ship,E,NOPE" : "ship,E,A";
    content += ",1," + std::to_string(line / 1000) + "\n";
  }
  CHECK(shop.complaint(content, 3, {"--group-by", "doc"}) ==
        "invctl: apply: f.csv:3:8: no product NOPE\ninvctl: apply: f.csv:400000:8: no product NOPE\n"
        "hint: `invctl product list` shows the products\n");
}

TEST_CASE("a quote that is never closed is named where it opens, also when bad rows are to be skipped") {
  Shop shop;
  const std::string content = head + "ship,E,A,1,1\nship,E,\"A,1,1\nship,E,A,1,1\n";
  for (const char* mode : {"abort", "skip"}) {
    CHECK(shop.complaint(content, 8, {"--on-error", mode}) ==
          "invctl: apply: f.csv:3:8: the quote is never closed\n"
          "hint: what comes after the last of them cannot be read, and not be skipped either\n");
  }
}

TEST_CASE("bytes that are not of the encoding are named") {
  Shop shop;
  CHECK(shop.complaint("kind,warehouse,sku,quantity,note\nship,E,A,1,caf\xe9\n", 8) ==
        "invctl: apply: f.csv:2:12: note: the byte 0xe9 is not UTF-8; name the file's encoding with "
        "--encoding\n"
        "hint: correct them, or skip them with --on-error skip --rejects FILE\n");
  CHECK(
      shop.complaint("kind,warehouse,sku,quantity,note\nship,E,A,1,caf\xe9\n", 8,
                     {"--encoding", "SHIFT_JIS"}) ==
      "invctl: apply: f.csv:2:15: no SHIFT_JIS character starts with the byte 0xe9 at offset 47 of the file\n"
      "hint: what comes after the last of them cannot be read, and not be skipped either\n");
  // The mark of UTF-16 gives it away; without the mark its zero bytes do.
  CHECK(shop.complaint("\xff\xfek", 8) ==
        "invctl: apply: f.csv:1:1: a UTF-16 byte order mark: pass --encoding UTF-16\n");
}

TEST_CASE("binary data is not text") {
  Shop shop;
  const std::string elf(
      "\x7f"
      "ELF\x02\x01\x01\0\0\0\0\0\0\n\0\0,\0",
      19);
  const std::string nul = "a NUL byte: this is not a text file, or it is UTF-16 (pass --encoding UTF-16)\n";
  CHECK(shop.complaint(elf, 8) == "invctl: apply: f.csv:1:8: " + nul);
  CHECK(shop.complaint(head + std::string("ship,E,A,1,\0\n", 13), 8) ==
        "invctl: apply: f.csv:2:12: " + nul +
            "hint: what comes after the last of them cannot be read, and not be skipped either\n");
  CHECK(shop.complaint("\x1f\x8b\x08\n", 8) ==
        "invctl: apply: f.csv:1:1: kind: there is no column \"kind\"; the columns are \"\\x1f\\x8b\\x08\"\n"
        "invctl: apply: f.csv:1:1: sku: there is no column \"sku\"; the columns are \"\\x1f\\x8b\\x08\"\n"
        "invctl: apply: f.csv:1:1: quantity: there is no column \"quantity\"; the columns are "
        "\"\\x1f\\x8b\\x08\"\n"
        "hint: the header is not UTF-8; name the file's encoding with --encoding\n");
}

TEST_CASE("an empty file names no columns, and a header alone is no operation") {
  Shop shop;
  CHECK(shop.complaint("", 8) ==
        "invctl: apply: f.csv:1:1: the file is empty\nhint: its first line must name the columns\n");
  const auto file = shop.dir().write("h.csv", head);
  const auto result = shop.must({"apply", file});
  CHECK(result.out.starts_with("apply: 0 operations applied, 0 replayed, 0 rejected (0 rows) in "));
  CHECK(result.err == "invctl: warning: " + file + " holds no rows\n");
}

// A sanitizer maps terabytes of shadow memory: under one nothing can be said about the program's own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_can_be_limited = false;
#else
constexpr bool memory_can_be_limited = true;
#endif

std::vector<std::string> limited_to(int megabytes) {
  if (!memory_can_be_limited) return {};
  return {"prlimit", "--as=" + std::to_string(std::int64_t{megabytes} << 20), "--"};
}

TEST_CASE("a line without end costs no memory") {
  // What the program may map in all, its own code and libraries included: less than the line by itself.
  constexpr int enough_megabytes = 64;
  Shop shop;
  const auto path = shop.dir().path("f.csv");
  const auto apply = [&](int megabytes) {
    return shop.run({"apply", path}, {.cwd = shop.dir().path(), .wrapper = limited_to(megabytes)});
  };
  const std::string row_too_long = ":1: the row is longer than 1048576 bytes\n";

  SECTION("of 100 MB, in a CSV file") {
    shop.dir().write("f.csv",
                     head + "ship,E,A,1,1\nship,E," + std::string(100'000'000, 'A') + ",1,1\nship,E,A,x,1\n");
    const auto result = apply(enough_megabytes);
    CHECK(result.exit == 8);
    CHECK(result.err == "invctl: apply: " + path + ":3" + row_too_long + "invctl: apply: " + path +
                            ":4:10: quantity: \"x\" is not a whole number\n"
                            "hint: correct them, or skip them with --on-error skip --rejects FILE\n");
    // The bound is one that counts.
    if (memory_can_be_limited) CHECK(apply(enough_megabytes / 8).exit != 8);
  }
  SECTION("of 100 MB, in NDJSON") {
    shop.dir().write("f.csv", "{\"kind\":\"ship\",\"note\":\"" + std::string(100'000'000, 'A') + "\"}\n");
    const auto result = apply(enough_megabytes);
    CHECK(result.exit == 8);
    CHECK(result.err.starts_with("invctl: apply: " + path + ":1" + row_too_long));
  }
  CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 1);
  CHECK(shop.integer("SELECT COUNT(*) FROM applied_file") == 0);
}

// The limit is set before the program starts: beyond 200 MB of memory it could not go on.
TEST_CASE("a line of one gigabyte is named like any other, in 200 MB of memory", "[.long]") {
  Shop shop;
  const auto path = shop.dir().write("f.csv", head + "ship,E,A,1,1\nship,E,");
  {
    std::ofstream file(path, std::ios::app);
    const std::string megabyte(std::size_t{1} << 20, 'A');
    for (int i = 0; i < 1024; ++i) file << megabyte;
    file << ",1,1\nship,E,A,x,1\n";
    REQUIRE(file.flush());
  }
  for (const std::string from : {"f.csv", "- < f.csv"}) {
    const auto command = "ulimit -v 200000; exec " + std::string(INVCTL_BINARY) + " --db '" + shop.url() +
                         "' apply " + from + " 2> said";
    const auto status = std::system(("cd " + shop.dir().path() + " && " + command).c_str());
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 8);
    const auto said = read_file(shop.dir().path("said"));
    const std::string name = from == "f.csv" ? from : "stdin";
    CHECK(said == "invctl: apply: " + name +
                      ":3:1: the row is longer than 1048576 bytes\n"
                      "invctl: apply: " +
                      name +
                      ":4:10: quantity: \"x\" is not a whole number\n"
                      "hint: correct them, or skip them with --on-error skip --rejects FILE\n");
  }
  CHECK(shop.integer("SELECT COUNT(*) FROM operation") == 1);
}

}  // namespace apply_bad_files_test
