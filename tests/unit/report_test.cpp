#include "io/report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "core/text.hpp"
#include "io_support.hpp"

namespace report_test {

using namespace invctl;
using namespace invctl::io;
using namespace invctl::test;
using io::Kind;
using nlohmann::ordered_json;

namespace {

const std::vector<Column> stock_columns = {
    {"warehouse", Kind::code}, {"sku", Kind::code}, {"name"}, {"on_hand", Kind::number}};

using Rows = std::vector<std::vector<Value>>;

std::int64_t n(std::int64_t value) {
  return value;
}

const Rows stock = {
    {"SEOUL", "BOLT-10", "육각 볼트 M10", n(12)},
    {"OSAKA", "茶-01", "煎茶（お得用）", n(1'500)},
    {"LEEDS", "MUG", "Mug, blue", std::monostate()},
};

std::string list(Format format, const std::vector<Column>& columns, const Rows& rows,
                 TableOptions options = {}) {
  return written([&](Output& output) {
    RowWriter writer(output, format, columns, std::move(options));
    for (const auto& row : rows) writer.row(row);
    writer.finish();
    CHECK(writer.rows() == rows.size());
  });
}

TableOptions on_terminal(std::size_t width, bool color = false) {
  return {{true, width, color}, {}};
}

}  // namespace

TEST_CASE("a table aligns Korean and Japanese names by the columns they take") {
  CHECK(list(Format::table, stock_columns, stock) ==
        "WAREHOUSE  SKU      NAME            ON HAND\n"
        "SEOUL      BOLT-10  육각 볼트 M10        12\n"
        "OSAKA      茶-01    煎茶（お得用）     1500\n"
        "LEEDS      MUG      Mug, blue             -\n");
}

TEST_CASE("a table never ends a line with spaces and keeps empty cells in their place") {
  const std::vector<Column> columns = {{"a"}, {"b"}, {"c"}};
  CHECK(list(Format::table, columns, {{"long value", "", "x"}, {"y", "", ""}, {"", "", "z"}}) ==
        "A           B  C\n"
        "long value     x\n"
        "y\n"
        "               z\n");
}

TEST_CASE("a table into a file is never cut, however long a name is") {
  const std::string name(900, 'n');
  const auto text = list(Format::table, {{"sku", Kind::code}, {"name"}}, {{"A", name}});
  CHECK(text == "SKU  NAME\nA    " + name + "\n");
}

TEST_CASE("a table on a terminal shortens the widest text and nothing else") {
  CHECK(list(Format::table, stock_columns, stock, on_terminal(40)) ==
        "WAREHOUSE  SKU      NAME         ON HAND\n"
        "SEOUL      BOLT-10  육각 볼트…        12\n"
        "OSAKA      茶-01    煎茶（お得…     1500\n"
        "LEEDS      MUG      Mug, blue          -\n");

  const std::vector<Column> columns = {{"sku", Kind::code}, {"name"}, {"note"}, {"total", Kind::number}};
  const Rows rows = {{std::string(30, 'S'), std::string(40, 'n'), std::string(20, 'o'), n(INT64_MAX)}};
  const auto text = list(Format::table, columns, rows, on_terminal(80));
  CHECK(text.find(std::string(30, 'S')) != std::string::npos);
  CHECK(text.find("9223372036854775807") != std::string::npos);
  for (const auto line : text::split(text, '\n')) CHECK(text::display_width(line) <= 80);

  // Too narrow even so: the line wraps rather than lose a digit or a code.
  const auto narrow = list(Format::table, columns, rows, on_terminal(20));
  CHECK(narrow.find(std::string(30, 'S') + "  nnnnnnn…  ooooooo…  9223372036854775807\n") !=
        std::string::npos);
}

TEST_CASE("the header is bold only in colour, and the cells stay aligned") {
  CHECK(list(Format::table, {{"sku", Kind::code}}, {{"A"}}, on_terminal(80, true)) ==
        "\x1b[1mSKU\x1b[0m\nA\n");
}

TEST_CASE("text from the database cannot steer the terminal through a table") {
  CHECK(list(Format::table, {{"name"}, {"n", Kind::number}},
             {{"\x1b[2J\x1b]0;owned\x07", n(1)},
              {"abc\xe2\x80\xae"
               "cba",
               n(2)},
              {"two\nlines\xff", n(3)}}) ==
        "NAME                     N\n"
        "\\x1b[2J\\x1b]0;owned\\x07  1\n"
        "abc\\u{202e}cba           2\n"
        "two\\nlines\\xff           3\n");
}

TEST_CASE("a table names its columns by title or by key, and says yes and no") {
  CHECK(list(Format::table, {{"reorder_point", Kind::number}, {"retired", Kind::text, "gone?"}},
             {{n(5), true}, {n(50), false}}) ==
        "REORDER POINT  gone?\n"
        "            5  yes\n"
        "           50  no\n");
}

TEST_CASE("a long table streams after its widths are known, and loses no row") {
  Rows rows;
  for (int i = 0; i < 10'050; ++i) rows.push_back({n(i), "x"});
  rows.push_back({n(123'456'789), "wider than what was seen"});
  const auto text = list(Format::table, {{"seq", Kind::number}, {"note"}}, rows);
  CHECK(text::split(text, '\n').size() == rows.size() + 2);
  CHECK(text.rfind(" SEQ  NOTE\n   0  x\n", 0) == 0);
  CHECK(text.find("\n10049  x\n123456789  wider than what was seen\n") != std::string::npos);
}

TEST_CASE("an empty list is an empty array, a header, or nothing at all") {
  CHECK(list(Format::json, stock_columns, {}) == "[]\n");
  CHECK(list(Format::ndjson, stock_columns, {}).empty());
  CHECK(list(Format::csv, stock_columns, {}) == "warehouse,sku,name,on_hand\n");
  CHECK(list(Format::tsv, stock_columns, {}) == "warehouse\tsku\tname\ton_hand\n");
  CHECK(list(Format::table, stock_columns, {}).empty());
}

TEST_CASE("JSON lists are an array of objects, or one object a line") {
  CHECK(list(Format::json, stock_columns, {stock[0], stock[2]}) ==
        "[\n"
        "  {\"warehouse\":\"SEOUL\",\"sku\":\"BOLT-10\",\"name\":\"육각 볼트 M10\",\"on_hand\":12},\n"
        "  {\"warehouse\":\"LEEDS\",\"sku\":\"MUG\",\"name\":\"Mug, blue\",\"on_hand\":null}\n"
        "]\n");
  CHECK(list(Format::ndjson, {{"sku"}, {"ok"}}, {{"007", true}, {"x\ny", false}}) ==
        "{\"sku\":\"007\",\"ok\":true}\n{\"sku\":\"x\\ny\",\"ok\":false}\n");
}

TEST_CASE("CSV quotes what needs it and leaves a null empty") {
  CHECK(list(Format::csv, {{"sku"}, {"name"}, {"n"}},
             {{"A,B", "say \"hi\"", n(-1)}, {" edge", "two\nlines", std::monostate()}, {"007", "", true}}) ==
        "sku,name,n\n"
        "\"A,B\",\"say \"\"hi\"\"\",-1\n"
        " edge,\"two\nlines\",\n"
        "007,,true\n");
  CHECK(list(Format::csv, {{"name"}}, {{std::monostate()}}) == "name\n\"\"\n");
}

TEST_CASE("TSV escapes tabs, line ends and backslashes") {
  CHECK(list(Format::tsv, {{"a"}, {"b"}}, {{"x\ty\\", "1\r\n2"}, {std::monostate(), n(7)}}) ==
        "a\tb\nx\\ty\\\\\t1\\r\\n2\n\t7\n");
}

TEST_CASE("CSV goes to a file byte for byte and to a terminal made safe") {
  const Rows rows = {{"\x1b[2J"}};
  CHECK(list(Format::csv, {{"name"}}, rows) == "name\n\x1b[2J\n");
  CHECK(list(Format::csv, {{"name"}}, rows, on_terminal(80)) == "name\n\\x1b[2J\n");
}

TEST_CASE("a row of the wrong length is a defect that is noticed") {
  const MemoryFile file;
  Output output(file.fd());
  RowWriter writer(output, Format::csv, {{"a"}, {"b"}});
  CHECK_THROWS_WITH(writer.row({Value("only one")}), "a row of 1 values for 2 columns");
}

TEST_CASE("a long list into a full device stops early with the error") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  for (const auto format : {Format::json, Format::ndjson, Format::csv, Format::tsv, Format::table}) {
    Output output(full);
    RowWriter writer(output, format, {{"a"}});
    const auto endless = [&] {
      for (;;) writer.row({Value(std::string(100, 'x'))});
    };
    CHECK_THROWS_AS(endless(), OutputError);
    CHECK(writer.rows() < 20'000);
  }
  ::close(full);
}

TEST_CASE("one object is answered in every format") {
  const std::vector<Field> fields = {
      {"sku", "BOLT-10"}, {"name", "육각 볼트"}, {"price_minor", n(1500)}, {"barcode", std::monostate()}};
  const auto shown = [&](Format format) {
    return written([&](Output& output) { print_object(output, format, fields); });
  };
  CHECK(shown(Format::table) ==
        "sku          BOLT-10\nname         육각 볼트\nprice_minor  1500\nbarcode      -\n");
  CHECK(shown(Format::json) ==
        "{\n  \"sku\": \"BOLT-10\",\n  \"name\": \"육각 볼트\",\n  \"price_minor\": 1500,\n  \"barcode\": "
        "null\n}\n");
  CHECK(shown(Format::ndjson) ==
        "{\"sku\":\"BOLT-10\",\"name\":\"육각 볼트\",\"price_minor\":1500,\"barcode\":null}\n");
  CHECK(shown(Format::csv) == "sku,name,price_minor,barcode\nBOLT-10,육각 볼트,1500,\n");
  CHECK(shown(Format::tsv) == "sku\tname\tprice_minor\tbarcode\nBOLT-10\t육각 볼트\t1500\t\n");
}

TEST_CASE("the result of a change is an object with its lines, or one row per line") {
  Answer answer;
  answer.fields = {{"operation", n(42)}, {"id", std::monostate()}};
  answer.columns = {{"sku", Kind::code}, {"delta", Kind::number}};
  answer.rows = {{"BOLT-10", n(-5)}, {"MUG", n(-12)}};
  answer.headline = "operation 42: shipped\x1b[2J";
  const auto shown = [&](Format format) {
    return written([&](Output& output) { print_answer(output, format, answer); });
  };
  CHECK(shown(Format::ndjson) ==
        "{\"operation\":42,\"id\":null,\"lines\":[{\"sku\":\"BOLT-10\",\"delta\":-5},"
        "{\"sku\":\"MUG\",\"delta\":-12}]}\n");
  CHECK(ordered_json::parse(shown(Format::json)) == ordered_json::parse(shown(Format::ndjson)));
  CHECK(shown(Format::csv) == "operation,id,sku,delta\n42,,BOLT-10,-5\n42,,MUG,-12\n");
  CHECK(shown(Format::tsv) == "operation\tid\tsku\tdelta\n42\t\tBOLT-10\t-5\n42\t\tMUG\t-12\n");
  CHECK(shown(Format::table) ==
        "operation 42: shipped\\x1b[2J\nSKU      DELTA\nBOLT-10     -5\nMUG        -12\n");
  answer.headline.clear();
  CHECK(shown(Format::table) ==
        "operation  42\nid         -\nSKU      DELTA\nBOLT-10     -5\nMUG        -12\n");
}

TEST_CASE("format takes its five names and lists them otherwise") {
  CHECK(parse_format("table") == Format::table);
  CHECK(parse_format("json") == Format::json);
  CHECK(parse_format("ndjson") == Format::ndjson);
  CHECK(parse_format("csv") == Format::csv);
  CHECK(parse_format("tsv") == Format::tsv);
  CHECK_THROWS_WITH(parse_format("xml"), "format \"xml\" is not one of table, json, ndjson, csv, tsv");
}

namespace {

// Bytes that are likely to hurt: controls, quotes, broken UTF-8, wide and steering characters.
std::string random_text(std::mt19937_64& random) {
  static const std::vector<std::string> pieces = {
      "a",    "Z9",   "\"",   "\\",           ",",    "\n",   "\r\n", "\t", "\x1b[31m",
      "\x7f", "\xff", "\xc2", "\xe2\x80\xae", "재고", "倉庫", "📦",    " ",  "{\"a\":1}"};
  std::string text;
  for (auto left = random() % 12; left > 0; --left) {
    text += random() % 3 == 0 ? std::string(1, static_cast<char>(random() % 256))
                              : pieces[random() % pieces.size()];
  }
  return text;
}

Value random_value(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0:
      return std::monostate();
    case 1:
      return static_cast<std::int64_t>(random());
    case 2:
      return random() % 2 == 0;
    default:
      return random_text(random);
  }
}

bool same(const Value& value, const ordered_json& json) {
  if (std::holds_alternative<std::monostate>(value)) return json.is_null();
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return json.is_number_integer() && json == *number;
  if (const auto* flag = std::get_if<bool>(&value)) return json.is_boolean() && json == *flag;
  const auto& text = std::get<std::string>(value);
  if (!json.is_string()) return false;
  // What was not UTF-8 has been replaced; all else must come back as it was.
  return text::invalid_utf8_at(text) || json.get<std::string>() == text;
}

}  // namespace

TEST_CASE("random values come back from JSON and NDJSON as they were, and tables stay on their lines") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<Column> columns;
    for (auto left = 1 + random() % 5; left > 0; --left) {
      columns.push_back(
          {"k" + std::to_string(columns.size()) + random_text(random), static_cast<Kind>(random() % 3)});
    }
    Rows rows(random() % 6);
    for (auto& row : rows) {
      for (std::size_t i = 0; i < columns.size(); ++i) row.push_back(random_value(random));
    }
    const auto array = ordered_json::parse(list(Format::json, columns, rows));
    REQUIRE(array.size() == rows.size());
    const auto lines = list(Format::ndjson, columns, rows);
    REQUIRE(text::split(lines, '\n').size() == rows.size() + 1);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      REQUIRE(array[r] == ordered_json::parse(text::split(lines, '\n')[r]));
      auto item = array[r].begin();
      for (const auto& value : rows[r]) REQUIRE(same(value, *item++));
    }
    const auto table = list(Format::table, columns, rows, on_terminal(1 + random() % 120));
    REQUIRE(text::split(table, '\n').size() == (rows.empty() ? 1 : rows.size() + 2));
    for (const auto line : text::split(table, '\n')) REQUIRE_FALSE(text::control_at(line));
  }
}

}  // namespace report_test
