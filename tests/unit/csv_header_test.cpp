#include "io/csv_header.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

namespace csv_header_test {

using namespace invctl::io;
using invctl::Error;
using invctl::Exit;

namespace {

const std::vector<FieldSpec> product = {{"sku", true}, {"name", false}, {"price", false}};

CsvHeader header_of(std::string_view text, const ColumnMap& map = {}, char delimiter = ',') {
  MemorySource source(text);
  CsvReader reader(source, {delimiter, 1 << 20});
  return CsvHeader::read(reader, "p.csv", "product", product, map);
}

Error error_of(std::string_view text, const ColumnMap& map = {}, char delimiter = ',') {
  try {
    header_of(text, map, delimiter);
  } catch (const Error& e) {
    return e;
  }
  FAIL("no error for " << text);
  throw;
}

using Columns = std::vector<std::optional<std::size_t>>;

Columns columns_of(std::string_view text, const ColumnMap& map = {}) {
  const auto header = header_of(text, map);
  return {header.column(0), header.column(1), header.column(2)};
}

}  // namespace

TEST_CASE("columns are found by name in any order, and unknown ones are ignored", "[csv]") {
  CHECK(columns_of("price,colour,sku,name\n") == Columns{2, 3, 0});
  CHECK(columns_of("sku") == Columns{0, std::nullopt, std::nullopt});
  CHECK(columns_of("colour,sku,colour,\n") == Columns{1, std::nullopt, std::nullopt});
}

TEST_CASE("column names are trimmed, normalised, and compared exactly before ignoring case", "[csv]") {
  CHECK(columns_of(" SKU ,\"Name\t\",PRICE") == Columns{0, 1, 2});
  CHECK(columns_of("SKU,sku,Sku").at(0) == 1);
  // e with a combining accent in the file, one character in the option.
  CHECK(columns_of("sku,pre\xcc\x81nom", {{"name", "pr\xc3\xa9nom"}}).at(1) == 1);
  CHECK(columns_of("sku,상품명", {{"name", " 상품명 "}}).at(1) == 1);
}

TEST_CASE("--map takes another column, also one that a second field uses", "[csv]") {
  CHECK(columns_of("sku,name,Code", {{"sku", "Code"}, {"name", "code"}}) == Columns{2, 2, std::nullopt});
}

TEST_CASE("a missing column is an error that lists what there is and what to try", "[csv]") {
  auto e = error_of("ProductCode,Title");
  CHECK(e.exit == Exit::bad_input);
  CHECK(e.code == "bad_header");
  CHECK(e.message ==
        R"(p.csv:1:1: product.sku: there is no column "sku"; the columns are "ProductCode", "Title")");
  CHECK(e.hint == "name the column with --map product.sku=COLUMN");
  CHECK(e.lines.size() == 1);

  e = error_of("\n\nProduct Numbr,Title", {{"sku", "Product Number"}});
  CHECK(e.message.starts_with("p.csv:3:1: product.sku: there is no column \"Product Number\""));
  CHECK(e.hint == "did you mean \"Product Numbr\"? --map 'product.sku=Product Numbr'");

  // One that is optional is asked for when it is mapped.
  CHECK(error_of("sku,titel", {{"name", "title"}}).hint ==
        "did you mean \"titel\"? --map product.name=titel");

  e = error_of("x,y", {{"price", "cost"}});
  CHECK(e.message == "p.csv: 2 problems in the header");
  CHECK(e.lines.size() == 2);
}

TEST_CASE("a header in one piece hints at the delimiter, one that is not UTF-8 at the encoding", "[csv]") {
  CHECK(error_of("Code;Name;Price").hint == "the columns seem to be separated by ;: --delimiter ';'");
  CHECK(error_of("Code\tName").hint == "the columns seem to be separated by tabs: --delimiter tab");
  CHECK(error_of("Code,Name", {}, ';').hint == "the columns seem to be separated by ,: --delimiter ','");
  const auto e = error_of("Pr\xe9nom,b");
  CHECK(e.hint == "the header is not UTF-8; name the file's encoding with --encoding");
  CHECK(e.message.find("\\xe9") != std::string::npos);
  CHECK(columns_of("sku,Pr\xe9nom").at(0) == 0);
}

TEST_CASE("a name that two columns have is an error only when it is used", "[csv]") {
  const auto e = error_of("sku,name,sku");
  CHECK(e.message == "p.csv:1:10: product.sku: 2 columns are called \"sku\"");
  CHECK(e.hint == "rename one of them, or choose another column with --map product.sku=COLUMN");
  CHECK(error_of("Sku,SKU").message.find("2 columns") != std::string::npos);
  CHECK(columns_of("sku,name,name", {{"sku", "sku"}, {"name", "sku"}}).at(1) == 0);
}

TEST_CASE("an empty or malformed file is an error of its header", "[csv]") {
  CHECK(error_of("").message == "p.csv:1:1: the file is empty");
  CHECK(error_of("\n\n").message == "p.csv:1:1: the file is empty");
  CHECK(error_of("sku,\"name\n").message == "p.csv:1:5: the quote is never closed");
  CHECK(error_of(std::string_view("PK\3\4\0", 5)).message.find("NUL byte") != std::string::npos);
}

TEST_CASE("--map of a field that does not exist is a usage error", "[csv]") {
  const auto e = error_of("sku", {{"skuu", "Code"}});
  CHECK(e.exit == Exit::usage);
  CHECK(e.message == "--map names an unknown field \"product.skuu\"");
  CHECK(e.hint == "did you mean product.sku? the fields are sku, name, price");
}

TEST_CASE("rows with too few or too many fields, or bytes that are not UTF-8, are faults", "[csv]") {
  MemorySource source("sku,x,name\na,b\n1,2,3\n1,2,3,4\n5,\xff,\"q\xc3\"\n6,\xff,ok\n");
  CsvReader reader(source);
  const auto header = CsvHeader::read(reader, "p.csv", "product", product, {});
  FaultList faults;
  std::vector<bool> good;
  while (reader.next() == CsvReader::Status::record) good.push_back(header.check_row(reader, faults));
  CHECK(good == std::vector<bool>{false, true, false, false, true});
  REQUIRE(faults.count() == 3);
  CHECK(faults.kept()[0].to_string() == "p.csv:2:1: has 2 fields, the header has 3");
  CHECK(faults.kept()[1].to_string() == "p.csv:4:1: has 4 fields, the header has 3");
  CHECK(faults.kept()[2].to_string() ==
        "p.csv:5:5: name: the byte 0xc3 is not UTF-8; name the file's encoding with --encoding");
}

TEST_CASE("values and faults are found by field, also of a column that is not there", "[csv]") {
  MemorySource source("x,sku\n\"two\nlines\",B-1\n");
  CsvReader reader(source);
  const auto header = CsvHeader::read(reader, "p.csv", "product", product, {});
  REQUIRE(reader.next() == CsvReader::Status::record);
  CHECK(header.value(reader, 0) == "B-1");
  CHECK(header.value(reader, 1).empty());
  CHECK(header.width() == 2);
  CHECK(header.fault_at(reader, 0, "bad").to_string() == "p.csv:3:8: sku: bad");
  CHECK(header.fault_at(reader, 2, "bad").to_string() == "p.csv:2:1: price: bad");
}

TEST_CASE("a fault shows file, line, column and field, and leaves out what it lacks", "[csv]") {
  const Fault fault{"stock.csv", 17, 3, "quantity", "\"010x\" is not a whole number"};
  CHECK(fault.to_string() == "stock.csv:17:3: quantity: \"010x\" is not a whole number");
  CHECK(Fault{"a\nb", 2, 0, "", "bad"}.to_string() == "a\\nb:2: bad");
  const auto line = fault.to_error_line();
  CHECK(line.message == fault.to_string());
  REQUIRE(line.fields.size() == 5);
  CHECK(line.fields[1] == std::pair<std::string, invctl::FieldValue>{"line", std::int64_t{17}});
  CHECK(line.fields[3] == std::pair<std::string, invctl::FieldValue>{"field", std::string("quantity")});
  const auto bare = Fault{"f", 2, 0, "", "bad"}.to_error_line();
  CHECK(std::holds_alternative<std::monostate>(bare.fields[2].second));
  CHECK(std::holds_alternative<std::monostate>(bare.fields[3].second));
}

TEST_CASE("faults over 10,000 are counted but not kept", "[csv]") {
  FaultList faults;
  CHECK(faults.empty());
  for (std::size_t i = 1; i <= 10'003; ++i) faults.add({"f", i, 0, "", "bad"});
  CHECK(faults.count() == 10'003);
  CHECK(faults.kept().size() == 10'000);
  Error error(Exit::bad_input, "bad rows");
  faults.add_to(error);
  REQUIRE(error.lines.size() == 10'001);
  CHECK(error.lines.front().message == "f:1: bad");
  CHECK(error.lines.back().message == "3 faults more, not listed");
}

}  // namespace csv_header_test
