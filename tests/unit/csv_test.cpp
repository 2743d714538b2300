#include "io/csv.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "csv_reference.hpp"
#include "io/csv_writer.hpp"
#include "io/input_file.hpp"

namespace csv_test {

using namespace invctl::io;
using csv_test::read_all;
using csv_test::Reference;
using csv_test::Row;
using Status = CsvReader::Status;
using Fields = std::vector<std::string>;

namespace {

constexpr std::size_t whole = std::string_view::npos;

Row good(std::size_t line, Fields fields, std::vector<Position> places, std::string raw) {
  return {false, false, line, std::move(fields), std::move(places), std::move(raw)};
}

std::vector<Fields> fields_of(std::string_view text, char delimiter = ',') {
  std::vector<Fields> all;
  for (const auto& row : read_all(text, delimiter, whole)) {
    REQUIRE_FALSE(row.malformed);
    all.push_back(row.fields);
  }
  return all;
}

// The faults of `text` as a user sees them, one per line.
std::string faults_of(std::string_view text, CsvOptions options = {}) {
  MemorySource source(text, 5);
  CsvReader reader(source, options);
  std::string out;
  for (auto status = reader.next(); status != Status::end; status = reader.next()) {
    if (status == Status::malformed) out += reader.fault("f.csv").to_string() + "\n";
  }
  return out;
}

// The peak resident memory in KiB since the last call of reset_peak().
std::size_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  }
  FAIL("no VmHWM in /proc/self/status");
  return 0;
}

void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

// `head`, then `size` times the letter x, then `tail`, made as it is read.
class LongLine : public ByteSource {
 public:
  LongLine(std::string head, std::size_t size, std::string tail)
      : head_(std::move(head)), left_(size), tail_(std::move(tail)) {}

  std::size_t read(char* into, std::size_t size) override {
    auto& text = head_.empty() ? tail_ : head_;
    if (head_.empty() && left_ > 0) {
      const auto n = std::min(size, left_);
      std::memset(into, 'x', n);
      left_ -= n;
      return n;
    }
    const auto n = text.copy(into, size);
    text.erase(0, n);
    return n;
  }

 private:
  std::string head_;
  std::size_t left_;
  std::string tail_;
};

std::mt19937 seeded(unsigned& seed) {
  const char* const given = std::getenv("INVCTL_TEST_SEED");
  seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  return std::mt19937(seed);
}

std::size_t below(std::mt19937& random, std::size_t n) {
  return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
}

std::string soup(std::mt19937& random, const std::vector<std::string>& pieces, std::size_t longest) {
  std::string out;
  for (auto n = below(random, longest + 1); n > 0; --n) out += pieces[below(random, pieces.size())];
  return out;
}

}  // namespace

TEST_CASE("CSV fields are split at delimiters only outside quotes", "[csv]") {
  CHECK(fields_of("a,b\n1,2\n") == std::vector<Fields>{{"a", "b"}, {"1", "2"}});
  CHECK(fields_of("\"a,b\",c") == std::vector<Fields>{{"a,b", "c"}});
  CHECK(fields_of("\"say \"\"hi\"\"\",\"\"\"\",\"\"") == std::vector<Fields>{{"say \"hi\"", "\"", ""}});
  CHECK(fields_of("\"a\"\"\",\"\"\"b\"") == std::vector<Fields>{{"a\"", "\"b"}});
  CHECK(fields_of(" a , b ") == std::vector<Fields>{{" a ", " b "}});
  CHECK(fields_of("007,0x10") == std::vector<Fields>{{"007", "0x10"}});
}

TEST_CASE("a quote inside an unquoted field is an ordinary character", "[csv]") {
  CHECK(fields_of("5\" nail,x\"y\"z,q\"") == std::vector<Fields>{{"5\" nail", "x\"y\"z", "q\""}});
  CHECK(fields_of(" \"a\",b") == std::vector<Fields>{{" \"a\"", "b"}});
}

TEST_CASE("CRLF, CR and LF end a line, also mixed, also without one at the end", "[csv]") {
  const std::vector<Fields> rows = {{"a"}, {"b"}, {"c"}, {"d"}};
  CHECK(fields_of("a\nb\r\nc\rd") == rows);
  CHECK(fields_of("a\rb\rc\rd\r") == rows);
  CHECK(fields_of("a\r\nb\r\nc\r\nd\r\n") == rows);

  MemorySource source("a\nb\r\nc\rd", 1);
  CsvReader reader(source);
  for (const std::string_view end : {"\n", "\r\n", "\r", ""}) {
    REQUIRE(reader.next() == Status::record);
    CHECK(reader.line_end() == end);
  }
  CHECK(reader.next() == Status::end);
  CHECK(reader.next() == Status::end);
}

TEST_CASE("empty lines are skipped but counted, lines of delimiters are records", "[csv]") {
  const auto rows = read_all("\n\r\n\ra,b\n\n\n,\n \n\"\"\n", ',', whole);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == good(4, {"a", "b"}, {{4, 1}, {4, 3}}, "a,b"));
  CHECK(rows[1] == good(7, {"", ""}, {{7, 1}, {7, 2}}, ","));
  CHECK(rows[2] == good(8, {" "}, {{8, 1}}, " "));
  CHECK(rows[3] == good(9, {""}, {{9, 1}}, "\"\""));
  CHECK(read_all("", ',', whole).empty());
  CHECK(read_all("\n\r\n", ',', whole).empty());
  CHECK(fields_of("a,") == std::vector<Fields>{{"a", ""}});
}

TEST_CASE("a byte order mark is skipped at the start and nowhere else", "[csv]") {
  const auto rows = read_all(
      "\xef\xbb\xbf"
      "a,b\n\xef\xbb\xbf"
      "c",
      ',', 1);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == good(1, {"a", "b"}, {{1, 1}, {1, 3}}, "a,b"));
  CHECK(rows[1].fields == Fields{"\xef\xbb\xbf"
                                 "c"});
  CHECK(fields_of("\xef\xbb\xbf\"a,b\"") == std::vector<Fields>{{"a,b"}});
  CHECK(read_all("\xef\xbb\xbf", ',', 1).empty());
  CHECK(fields_of("\xef\xbb") == std::vector<Fields>{{"\xef\xbb"}});
}

TEST_CASE("every delimiter offered splits, and the others do not", "[csv]") {
  for (const char delimiter : {',', '\t', ';', '|'}) {
    std::string text = "a,a\tb\tb;c;c|d|d";
    std::size_t n = 1;
    for (const char c : text) n += c == delimiter ? 1 : 0;
    CHECK(fields_of(text, delimiter).at(0).size() == n);
  }
  CHECK(parse_delimiter("tab") == '\t');
  CHECK(parse_delimiter("\\t") == '\t');
  CHECK(parse_delimiter("\t") == '\t');
  CHECK(parse_delimiter(";") == ';');
  for (const std::string_view bad : {"", "a", "7", "\"", "\n", "\r", " ", ",,", "\xc2\xa6", "\x01"}) {
    CHECK_THROWS_AS(parse_delimiter(bad), invctl::Error);
  }
}

TEST_CASE("places are counted in lines and characters, also behind quoted line ends", "[csv]") {
  const auto rows = read_all("나사,ボルト,x\n\"one\ntwo\r\nthree\rä\",\"b\",c\nlast,row\n", ',', 2);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].places == std::vector<Position>{{1, 1}, {1, 4}, {1, 8}});
  CHECK(rows[1] == good(2, {"one\ntwo\r\nthree\rä", "b", "c"}, {{2, 1}, {5, 4}, {5, 8}},
                        "\"one\ntwo\r\nthree\rä\",\"b\",c"));
  CHECK(rows[2] == good(6, {"last", "row"}, {{6, 1}, {6, 6}}, "last,row"));
  // Latin-1 bytes are a character each, so that the column is what an editor shows.
  CHECK(read_all("\xa3\xe4\xa3,b", ',', whole).at(0).places.at(1) == Position{1, 5});
}

TEST_CASE("text after a closing quote is a fault, and reading goes on at the next line end", "[csv]") {
  CHECK(faults_of("a,b\n\"x\"y,2\n3,\"ok\"\n4,\"z\" \n5,\"z\"\"\n") ==
        "f.csv:2:4: text after the closing quote; a quote inside a quoted field is written twice\n"
        "f.csv:4:6: text after the closing quote; a quote inside a quoted field is written twice\n"
        "f.csv:5:3: the quote is never closed\n");
  const auto rows = read_all("\"x\ny\"z,\"1\r\n\"q\"\n", ',', 1);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].malformed);
  CHECK_FALSE(rows[0].ends_file);
  CHECK(rows[0].raw == "\"x\ny\"z,\"1");
  CHECK(rows[0].places == std::vector<Position>{{2, 3}});
  CHECK(rows[1] == good(3, {"q"}, {{3, 1}}, "\"q\""));
}

TEST_CASE("a quote that is never closed is a fault at the quote and ends the file", "[csv]") {
  const auto rows = read_all("a,b\nä,\"two\nthree\n", ',', 3);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].malformed);
  CHECK(rows[1].ends_file);
  CHECK(rows[1].line == 2);
  CHECK(rows[1].places == std::vector<Position>{{2, 3}});
  CHECK(rows[1].raw == "ä,\"two\nthree\n");
}

TEST_CASE("a NUL byte is a fault at its place, after the rows before it were read", "[csv]") {
  using namespace std::string_literals;
  for (const auto& text : {"a,b\nc,\0d\n"s, "a,b\n\"c\n\0"s, "a\n\"b\"\0"s, "a\n\0"s, "a\n\"b\"x\0y\n"s}) {
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, whole}) {
      const auto rows = read_all(text, ',', chunk);
      CHECK_FALSE(rows.front().malformed);
      CHECK(rows.back().malformed);
      CHECK(rows.back().ends_file);
    }
  }
  CHECK(faults_of("a,b\nc,\0d\n"s).starts_with("f.csv:2:3: a NUL byte: this is not a text file"));
  CHECK(faults_of("\"b\"xä\0y\n"s).find("f.csv:1:6: a NUL byte") != std::string::npos);
  CHECK(faults_of("\xff\xfe"
                  "a\0b\0"s) == "f.csv:1:1: a UTF-16 byte order mark: pass --encoding UTF-16\n");
  CHECK(faults_of("\xfe\xff\0a"s) == "f.csv:1:1: a UTF-16 byte order mark: pass --encoding UTF-16\n");
}

TEST_CASE("a row over the limit is a fault with its line, and the rows after it are read", "[csv]") {
  const CsvOptions limit{',', 8};
  CHECK(faults_of("12345678\n1234,678\r\n\"234567\"\r12345678", limit).empty());
  CHECK(faults_of("a\n123456789\nb\n1,3,5,7,9\n", limit) ==
        "f.csv:2:1: the row is longer than 8 bytes\nf.csv:4:1: the row is longer than 8 bytes\n");
  CHECK(faults_of("a\nb,\"3456789\"\n", limit) ==
        "f.csv:2:3: the quote is not closed within a row of 8 bytes\n");

  CHECK(faults_of(std::string_view("a\n1234567890ab\0c\n", 17), limit)
            .starts_with("f.csv:2:1: the row is longer than 8 bytes\nf.csv:2:13: a NUL byte"));

  for (std::size_t chunk = 1; chunk < 20; ++chunk) {
    MemorySource source("abcdefghijklmnop\r\nnext\n", chunk);
    CsvReader reader(source, limit);
    REQUIRE(reader.next() == Status::malformed);
    CHECK(reader.raw() == "abcdefgh");
    CHECK(reader.raw_is_cut());
    CHECK(reader.line_end() == "\r\n");
    REQUIRE(reader.next() == Status::record);
    CHECK_FALSE(reader.raw_is_cut());
    CHECK(reader.line() == 2);
    CHECK(reader.fields().at(0) == "next");
  }
}

TEST_CASE("a line of 64 MiB, quoted or not, is a fault and takes little memory", "[csv]") {
  constexpr std::size_t size = std::size_t{64} << 20;
  reset_peak();
  const auto before = peak_kib();
  {
    LongLine source("a,b\n", size, "\nafter,it\n");
    CsvReader reader(source);
    CHECK(reader.next() == Status::record);
    REQUIRE(reader.next() == Status::malformed);
    CHECK(reader.fault("f.csv").to_string() == "f.csv:2:1: the row is longer than 1048576 bytes");
    REQUIRE(reader.next() == Status::record);
    CHECK(reader.line() == 3);
    CHECK(reader.fields().at(0) == "after");
    CHECK(reader.next() == Status::end);
  }
  {
    LongLine source("a,b\n1,\"", size, "\"\nafter,it\n");
    CsvReader reader(source);
    CHECK(reader.next() == Status::record);
    REQUIRE(reader.next() == Status::malformed);
    CHECK(reader.fault("f.csv").to_string() ==
          "f.csv:2:3: the quote is not closed within a row of 1048576 bytes");
    CHECK(reader.problem().ends_file);
    CHECK(reader.next() == Status::end);
  }
  INFO("peak before " << before << " KiB, after " << peak_kib() << " KiB");
  CHECK(peak_kib() < before + 24 * 1024);
}

TEST_CASE("whatever is written is read back, in any dialect and any chunks", "[csv][property]") {
  unsigned seed = 0;
  auto random = seeded(seed);
  INFO("INVCTL_TEST_SEED=" << seed);
  const std::vector<std::string> pieces = {"a",    "B7", "\"",           "\"\"", ",",    ";",
                                           "\t",   "|",  "\n",           "\r",   "\r\n", " ",
                                           "나사", "é",  "\xef\xbb\xbf", "'",    "\\",   "010"};
  for (int round = 0; round < 3000; ++round) {
    const char delimiter = ",;\t|"[below(random, 4)];
    const std::string line_end = std::vector<std::string>{"\n", "\r\n", "\r"}[below(random, 3)];
    std::string text;
    CsvWriter writer(text, {CsvWriter::Form::csv, delimiter, line_end});
    std::vector<Fields> rows(below(random, 6));
    for (auto& row : rows) {
      row.resize(1 + below(random, 5));
      for (auto& field : row) field = soup(random, pieces, 6);
      writer.row(row);
    }
    CAPTURE(round, text);
    std::vector<Fields> read;
    const auto first = read_all(text, delimiter, whole);
    for (const auto& row : first) {
      REQUIRE_FALSE(row.malformed);
      read.push_back(row.fields);
    }
    REQUIRE(read == rows);
    for (const std::size_t chunk : {1, 2, 3, 7, 11}) REQUIRE(read_all(text, delimiter, chunk) == first);
  }
}

TEST_CASE("on random bytes the reader agrees with a naive one, rows, places and faults", "[csv][property]") {
  using namespace std::string_literals;
  unsigned seed = 0;
  auto random = seeded(seed);
  INFO("INVCTL_TEST_SEED=" << seed);
  const std::vector<std::string> pieces = {
      "a",    "b",  "\"", "\"",           ",",    ",",   ";",   "\n", "\r",
      "\r\n", "나", "é",  "\xef\xbb\xbf", "\"\n", "\",", "x\"", "\t"};
  auto with_nul = pieces;
  with_nul.push_back("\0"s);
  std::size_t malformed = 0;
  std::size_t records = 0;
  for (int round = 0; round < 20000; ++round) {
    const char delimiter = ",;"[below(random, 2)];
    const auto text = soup(random, round % 4 == 0 ? with_nul : pieces, 24);
    CAPTURE(round, text, delimiter);
    const auto expected = Reference(text, delimiter).read();
    REQUIRE(read_all(text, delimiter, whole) == expected);
    REQUIRE(read_all(text, delimiter, 1 + below(random, 5)) == expected);
    for (const auto& row : expected) ++(row.malformed ? malformed : records);
  }
  CHECK(malformed > 1000);
  CHECK(records > 10000);
}

TEST_CASE("chunks never change which rows are over the limit", "[csv][property]") {
  unsigned seed = 0;
  auto random = seeded(seed);
  INFO("INVCTL_TEST_SEED=" << seed);
  const std::vector<std::string> pieces = {"a", "bc", "\"", ",", "\n", "\r\n", "\r", "\",", "나"};
  std::size_t malformed = 0;
  for (int round = 0; round < 5000; ++round) {
    const auto text = soup(random, pieces, 30);
    const auto limit = 1 + below(random, 12);
    CAPTURE(round, text, limit);
    const auto expected = read_all(text, ',', whole, limit);
    for (const std::size_t chunk : {1, 2, 3, 7}) REQUIRE(read_all(text, ',', chunk, limit) == expected);
    for (const auto& row : expected) {
      REQUIRE(row.raw.size() <= limit);
      malformed += row.malformed ? 1 : 0;
    }
  }
  CHECK(malformed > 1000);
}

TEST_CASE("chunks and buffers that grow never change a long file", "[csv]") {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += std::to_string(i) + ",\"" + std::string(static_cast<std::size_t>(i) * 7, 'q') + "\"\"\r\n\"," +
            std::string(static_cast<std::size_t>(i * i), 'u') + "\r\n";
  }
  const auto expected = Reference(text, ',').read();
  REQUIRE(expected.size() == 400);
  for (const std::size_t chunk : {std::size_t{1021}, std::size_t{65536}, std::size_t{262144}, whole}) {
    CHECK((read_all(text, ',', chunk) == expected));
  }
}

TEST_CASE("the published retail file has 541,909 records under its header", "[csv]") {
  const char* const given = std::getenv("INVCTL_SHARED_DATA");
  const std::filesystem::path data = given != nullptr ? given : PROJECT_DIR "/../shared/data";
  const auto path = data / "online-retail" / "online_retail.csv";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  auto file = InputFile::open(path.string());
  CsvReader reader(file);
  std::size_t records = 0;
  std::size_t doubled = 0;
  auto status = reader.next();
  for (; status == Status::record; status = reader.next()) {
    ++records;
    if (reader.fields().size() != 8) FAIL("line " << reader.line() << " has another number of fields");
    if (reader.fields()[2].find('"') != std::string_view::npos) ++doubled;
  }
  CHECK(status == Status::end);
  CHECK(records == 541'909 + 1);
  CHECK(doubled == 1'239);
  CHECK(reader.line() >= 541'910);
}

}  // namespace csv_test
