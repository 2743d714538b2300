// Rows become operations: grouping, kinds, and every fault at its place.
#include <catch2/catch.hpp>
#include <memory>
#include <sstream>

#include "apply/operation_reader.hpp"
#include "core/error.hpp"
#include "io/line_reader.hpp"

namespace apply_reader_test {

using namespace invctl;
using namespace invctl::intake;

namespace {

// One line per operation: `1:ship ref=R EAST/A=5 ...`, or `1! fault; fault`.
std::string show(const std::vector<ReadOperation>& operations) {
  std::ostringstream text;
  for (const auto& read : operations) {
    text << read.ordinal;
    if (!read.well_formed()) {
      text << "!";
      for (const auto& fault : read.faults.kept()) text << " " << fault.to_string() << ";";
      text << "\n";
      continue;
    }
    const auto& operation = read.operation;
    text << ":" << kind_name(operation.kind);
    if (operation.key) text << " id=" << *operation.key;
    if (operation.reference) text << " ref=" << *operation.reference;
    if (operation.reason) text << " why=" << *operation.reason;
    if (operation.user) text << " user=" << *operation.user;
    for (const auto& line : operation.lines) {
      text << " " << (line.warehouse ? line.warehouse->str() : "*") << "/" << line.sku.str() << "="
           << line.quantity;
    }
    text << "\n";
  }
  return text.str();
}

struct Read {
  std::vector<ReadOperation> operations;
  std::size_t rows = 0, skipped = 0;
  bool ends_file = false;
};

Read read(std::string_view bytes, const Mapping& mapping, bool ndjson = false, std::size_t chunk = 4096) {
  io::MemorySource source(bytes, chunk);
  RowForm form;
  const auto rows =
      ndjson ? make_ndjson_rows(source, "f", mapping, form) : make_csv_rows(source, "f", ',', mapping, form);
  OperationReader reader(*rows, mapping, {"f", "ann", false});
  Read result;
  ReadOperation operation;
  while (reader.next(operation)) result.operations.push_back(operation);
  result.rows = reader.rows();
  result.skipped = reader.skipped_rows();
  result.ends_file = reader.ends_file();
  return result;
}

std::string text_of(std::string_view bytes, const Mapping& mapping, bool ndjson = false) {
  return show(read(bytes, mapping, ndjson).operations);
}

Mapping grouped(std::string column) {
  Mapping mapping;
  mapping.group_by = std::move(column);
  return mapping;
}

}  // namespace

TEST_CASE("without --group-by every row is an operation of its own") {
  CHECK(text_of("kind,warehouse,sku,quantity,reference\nreceive,EAST,A,5,PO-1\nship,EAST,A,2,\n", {}) ==
        "1:receive ref=PO-1 EAST/A=5\n2:ship EAST/A=2\n");
}

TEST_CASE("consecutive rows of one group are one operation, and a value that comes back is a second one") {
  CHECK(text_of("doc,kind,warehouse,sku,quantity\n1,ship,E,B,1\n1,ship,W,A,2\n1,ship,E,B,3\n2,ship,E,A,1\n1,"
                "ship,E,A,9\n",
                grouped("doc")) == "1:ship E/B=4 W/A=2\n2:ship E/A=1\n3:ship E/A=9\n");
}

TEST_CASE("rows of a group that disagree name both lines") {
  CHECK(text_of(
            "doc,kind,warehouse,sku,quantity,reference,user,id\n1,ship,E,A,1,R1,,k\n1,receive,E,B,1,R2,,j\n",
            grouped("doc")) ==
        "1! f:3:3: kind: receive differs from ship on line 2, in one operation; f:3:21: id: \"j\" differs "
        "from \"k\" "
        "on line 2, in one operation; f:3:17: reference: \"R2\" differs from \"R1\" on line 2, in one "
        "operation;\n");
  CHECK(text_of(
            "doc,kind,warehouse,sku,quantity,occurred_at\n1,ship,E,A,1,2026-01-01\n1,ship,E,B,1,2026-01-02\n",
            grouped("doc")) == "1:ship E/A=1 E/B=1\n");
}

TEST_CASE("a bad row makes the whole operation bad") {
  CHECK(text_of("doc,kind,warehouse,sku,quantity\n1,ship,E,A,1\n1,ship,E,B,x\n2,ship,E,A,1\n",
                grouped("doc")) == "1! f:3:12: quantity: \"x\" is not a whole number;\n2:ship E/A=1\n");
}

TEST_CASE("a row that cannot be read makes the operations on both its sides bad, and no others") {
  const std::string head = "doc,kind,warehouse,sku,quantity\n";
  CHECK(text_of(head + "1,ship,E,A,1\n1,ship,E\n1,ship,E,B,1\n2,ship,E,A,1\n", grouped("doc")) ==
        "1! f:3:1: has 3 fields, the header has 5;\n2:ship E/A=1\n");
  CHECK(text_of(head + "1,ship,E,A,1\n2,ship,E\n2,ship,E,B,1\n3,ship,E,A,1\n", grouped("doc")) ==
        "1! f:3:1: has 3 fields, the header has 5;\n2! f:4: the row before it cannot be read, and may belong "
        "to this "
        "operation;\n3:ship E/A=1\n");
  CHECK(text_of(head + "1,ship,E\n1,ship,E,B,1\n", grouped("doc")) ==
        "1! f:2:1: has 3 fields, the header has 5;\n2! f:3: the row before it cannot be read, and may belong "
        "to this "
        "operation;\n");
  CHECK(text_of("kind,warehouse,sku,quantity\nship,E\nship,E,B,1\n", {}) ==
        "1! f:2:1: has 2 fields, the header has 4;\n2:ship E/B=1\n");
}

TEST_CASE("a kind map takes the first rule that matches, and the magnitude of what it moves") {
  Mapping mapping = grouped("doc");
  mapping.kind = KindMap("k", {{"doc", "C*", Kind::receive},
                               {"quantity", "-*", Kind::adjust},
                               {"doc", "X?", std::nullopt},
                               {"doc", "*", Kind::ship}});
  const auto result = read(
      "doc,warehouse,sku,quantity,reason\n1,E,A,5,x\nC2,E,A,-3,x\n3,E,A,-2,broken\nX1,E,A,0,x\nX12,E,A,1,x\n",
      mapping);
  CHECK(show(result.operations) ==
        "1:ship E/A=5\n2:receive E/A=3\n3:adjust why=broken E/A=-2\n4:ship E/A=1\n");
  CHECK(result.rows == 5);
  CHECK(result.skipped == 1);
  mapping.kind = KindMap("k", {{"doc", "C*", Kind::receive}});
  CHECK(text_of("doc,warehouse,sku,quantity\n1,E,A,5\n", mapping) ==
        "1! f:2:1: kind: no rule of k matches this row;\n");
}

TEST_CASE("the sign decides between two kinds, and zero is neither") {
  Mapping mapping;
  mapping.kind = KindBySign::parse("ship,receive");
  CHECK(text_of("warehouse,sku,quantity\nE,A,5\nE,A,-3\nE,A,0\n", mapping) ==
        "1:ship E/A=5\n2:receive E/A=3\n3! f:4:5: quantity: 0 moves nothing;\n");
}

TEST_CASE("a kind that the row names does not turn signs around") {
  CHECK(text_of("kind,warehouse,sku,quantity\nship,E,A,-3\n", {}) ==
        "1! f:2:10: quantity: -3 cannot be taken: --kind-map and --kind-from-sign read signs;\n");
  CHECK(text_of("kind,warehouse,sku,quantity\nopening,E,A,3\n", {}) ==
        "1! f:2:1: kind: \"opening\" is not a kind: receive, ship, adjust or purchase;\n");
}

TEST_CASE("patterns match whole texts, and ? a whole character") {
  CHECK(matches_pattern("", ""));
  CHECK(matches_pattern("", "**"));
  CHECK_FALSE(matches_pattern("", "?"));
  CHECK(matches_pattern("abcabc", "*abc"));
  CHECK_FALSE(matches_pattern("abcabd", "*abc"));
  CHECK(matches_pattern("a*b", "a**b"));
  CHECK(
      matches_pattern("\xea\xb0\x80"
                      "1",
                      "?1"));
  CHECK_FALSE(matches_pattern("ab", "?"));
  // No exponential search.
  CHECK_FALSE(matches_pattern(std::string(20000, 'a'), "*a*a*a*a*a*a*a*a*a*b"));
}

TEST_CASE("constants stand for a column, and defaults fill what a row leaves empty") {
  Mapping mapping;
  add_set_words(mapping, std::vector<std::string>{"kind=adjust", "warehouse=MAIN"});
  add_map_words(mapping, std::vector<std::string>{"sku=Code"});
  mapping.defaults[index_of(Field::reason)] = "write-off";
  CHECK(text_of("Code,quantity,reason,warehouse\nA,-1,,ignored\nB,+2,found,\n", mapping) ==
        "1:adjust why=write-off MAIN/A=-1\n2:adjust why=found MAIN/B=2\n");
  CHECK_THROWS_AS(add_map_words(mapping, std::vector<std::string>{"kind=K"}), Error);
  CHECK_THROWS_AS(add_set_words(mapping, std::vector<std::string>{"sku=A"}), Error);
  CHECK_THROWS_AS(add_set_words(mapping, std::vector<std::string>{"sko=A"}), Error);
  CHECK_THROWS_AS(add_set_words(mapping, std::vector<std::string>{"note"}), Error);
}

TEST_CASE("either all operations of a file have an id or none") {
  CHECK(text_of("kind,warehouse,sku,quantity,id\nship,E,A,1,a\nship,E,A,1,\n", {}) ==
        "1:ship id=a E/A=1\n2! f:3: id: is empty, but other operations of this file have one;\n");
  CHECK(text_of("kind,warehouse,sku,quantity,id\nship,E,A,1,\nship,E,A,1,b\n", {}) ==
        "1:ship E/A=1\n2! f:3: id: is given, but the operations before it have none;\n");
}

TEST_CASE("what a kind needs is asked for") {
  CHECK(text_of("kind,warehouse,sku,quantity\nadjust,E,A,-1\n", {}) ==
        "1! f:2: reason: is empty, and an adjustment needs one; --reason-default TEXT fills it;\n");
  CHECK(text_of("kind,warehouse,sku,quantity\npurchase,E,A,1\n", {}) ==
        "1! f:2: user: is empty, and a purchase needs one;\n");
  CHECK(text_of("kind,warehouse,sku,quantity,user\npurchase,,A,1,kim\n", {}) ==
        "1:purchase user=kim */A=1\n");
  CHECK(text_of("kind,warehouse,sku,quantity\nship,,A,1\n", {}) ==
        "1! f:2:6: warehouse: is empty; --set warehouse=CODE names one for all rows;\n");
}

TEST_CASE("a count sets what is on hand, also to nothing") {
  Mapping mapping;
  mapping.kind = Kind::adjust;
  mapping.quantity_sets = true;
  mapping.defaults[index_of(Field::reason)] = "count";
  const auto result = read("warehouse,sku,quantity\nE,A,0\nE,B,-1\n", mapping);
  REQUIRE(result.operations.size() == 2);
  CHECK(result.operations[0].operation.lines.at(0).mode == Line::Mode::set);
  CHECK(result.operations[1].faults.kept().at(0).message == "-1 is negative, and cannot be what is on hand");
}

TEST_CASE("NDJSON is one operation per line, flat or with a list of lines") {
  CHECK(text_of("{\"kind\":\"ship\",\"warehouse\":\"E\",\"sku\":\"A\",\"quantity\":2,\"reference\":17}\n\n"
                "{\"kind\":\"ship\",\"warehouse\":\"E\",\"lines\":[{\"sku\":\"B\",\"quantity\":\"3\"},"
                "{\"sku\":\"A\",\"quantity\":1,\"warehouse\":\"W\"}],\"id\":null}",
                {}, true) == "1:ship ref=17 E/A=2\n2:ship E/B=3 W/A=1\n");
}

TEST_CASE("malformed JSON has a line and a column, and later lines are still read") {
  CHECK(text_of("{\"kind\":\"ship\",,}\n[1]\n{\"kind\":\"ship\"\n{\"kind\":\"ship\",\"warehouse\":\"E\","
                "\"sku\":\"A\",\"quantity\":2.5}\n"
                "{\"kind\":\"ship\",\"warehouse\":\"E\",\"sku\":\"A\",\"quantity\":1}\n",
                {}, true) ==
        "1! f:1:16: is not JSON from here on;\n2! f:2:1: is not a JSON object;\n3! f:3:15: the JSON ends too "
        "early;\n"
        "4! f:4: quantity: 2.5 is not a whole number;\n5:ship E/A=1\n");
}

TEST_CASE("a name that stands twice in a JSON object is refused, at any depth") {
  CHECK(
      text_of(
          "{\"kind\":\"ship\",\"warehouse\":\"E\",\"sku\":\"A\",\"quantity\":2,\"quantity\":30}\n"
          "{\"kind\":\"ship\",\"warehouse\":\"E\",\"lines\":[{\"sku\":\"A\",\"sku\":\"B\",\"quantity\":1}]}\n"
          "{\"kind\":\"ship\",\"warehouse\":\"E\",\"lines\":[{\"sku\":\"A\",\"quantity\":1},"
          "{\"sku\":\"B\",\"quantity\":1}]}\n",
          {}, true) ==
      "1! f:1:1: \"quantity\" stands twice in one object;\n2! f:2:1: \"sku\" stands twice in one object;\n"
      "3:ship E/A=1 E/B=1\n");
}

TEST_CASE("lines are read alike however the bytes arrive, and long ones do not need memory") {
  const std::string text =
      "\xef\xbb\xbf"
      "one\r\n\ntwo\nthree";
  for (std::size_t chunk = 1; chunk < 20; ++chunk) {
    io::MemorySource source(text, chunk);
    io::LineReader reader(source);
    std::string seen;
    while (reader.next() == io::LineReader::Status::line)
      seen += std::to_string(reader.line()) + std::string(reader.text()) + "|";
    CHECK(seen == "1one|2|3two|4three|");
  }
  const std::string long_line = std::string(300, 'x') + "\nok\n" + std::string(5, 'y');
  for (std::size_t chunk = 1; chunk < 400; chunk += 7) {
    io::MemorySource source(long_line, chunk);
    io::LineReader reader(source, 100);
    CHECK(reader.next() == io::LineReader::Status::too_long);
    CHECK(reader.next() == io::LineReader::Status::line);
    CHECK(reader.text() == "ok");
    CHECK(reader.next() == io::LineReader::Status::line);
    CHECK(reader.line() == 3);
    CHECK(reader.next() == io::LineReader::Status::end);
  }
  io::MemorySource binary(std::string_view("a\0b\nnext\n", 9));
  io::LineReader reader(binary);
  CHECK(reader.next() == io::LineReader::Status::broken);
  CHECK(reader.next() == io::LineReader::Status::end);
}

}  // namespace apply_reader_test
