#include "io/csv_writer.hpp"

#include <catch2/catch.hpp>

namespace csv_writer_test {

using invctl::io::CsvWriter;

TEST_CASE("the CSV writer quotes only what needs it", "[csv]") {
  std::string out;
  CsvWriter writer(out);
  writer.row({"plain", " spaced ", "a,b", "say \"hi\"", "two\nlines", "cr\r", "", "it's", "a;b\tc"});
  CHECK(out == "plain, spaced ,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\r\",,it's,a;b\tc\n");
}

TEST_CASE("the CSV writer keeps the delimiter and line end it was given", "[csv]") {
  std::string out;
  CsvWriter writer(out, {CsvWriter::Form::csv, ';', "\r\n"});
  writer.field("a,b").field("c;d").end_row();
  writer.row(std::vector<std::string>{"1", "2"});
  CHECK(out == "a,b;\"c;d\"\r\n1;2\r\n");
}

TEST_CASE("one empty field shows as quotes, because readers skip empty lines", "[csv]") {
  std::string out;
  CsvWriter writer(out);
  writer.row({""});
  writer.row({"", ""});
  CHECK(out == "\"\"\n,\n");
}

TEST_CASE("tsv escapes tab, line ends and backslash and never quotes", "[csv]") {
  std::string out;
  CsvWriter writer(out, {CsvWriter::Form::tsv, ',', "\n"});
  writer.row({"a\tb", "c\nd", "e\\f", "\"g\"", "h,i", "j\rk", ""});
  writer.row({""});
  CHECK(out == "a\\tb\tc\\nd\te\\\\f\t\"g\"\th,i\tj\\rk\t\n\n");
}

TEST_CASE("a repeated row keeps its own bytes and gains one field", "[csv]") {
  std::string out;
  CsvWriter writer(out, {CsvWriter::Form::csv, ';', "\r\n"});
  writer.repeat("\"007\";  x;\"needlessly quoted\"", "sku; too long");
  writer.repeat("a", "");
  CHECK(out == "\"007\";  x;\"needlessly quoted\";\"sku; too long\"\r\na;\r\n");
}

TEST_CASE("the sink gets whole rows, one at a time", "[csv]") {
  std::vector<std::string> rows;
  CsvWriter writer([&](std::string_view row) { rows.emplace_back(row); }, {});
  writer.field("a").field("b");
  CHECK(rows.empty());
  writer.end_row();
  writer.row({"c"});
  CHECK(rows == std::vector<std::string>{"a,b\n", "c\n"});
}

}  // namespace csv_writer_test
