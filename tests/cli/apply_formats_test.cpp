// `apply` and files as others write them: foreign columns, NDJSON, encodings, files of one kind.
#include <catch2/catch.hpp>

#include "apply_support.hpp"

namespace apply_formats_test {

using namespace invctl::test;

TEST_CASE("foreign files are read as they are: groups, kinds by pattern, reasons") {
  ApplyShop shop;
  const auto kinds =
      shop.file("kinds.csv",
                "column,pattern,kind\nInvoice,C*,receive\nQty,-*,adjust\nInvoice,T*,skip\nInvoice,*,ship\n");
  const auto file = shop.file(
      "f.csv",
      "Invoice,Code,What,Qty,Date\n"
      "100,A,Lamp,3,2010-12-01 08:26:00\n100,B,Vase,2,2010-12-01 08:26:00\n"
      "C101,A,Lamp,-1,2010-12-02 08:26:00\n102,B,,-4,2010-12-03\n103,B,broken,-1,2010-12-03\nT1,X,,0,\n");
  const auto report = shop.must({"apply",
                                 file,
                                 "--map",
                                 "sku=Code",
                                 "--map",
                                 "quantity=Qty",
                                 "--map",
                                 "reference=Invoice",
                                 "--map",
                                 "occurred_at=Date",
                                 "--map",
                                 "reason=What",
                                 "--set",
                                 "warehouse=MAIN",
                                 "--group-by",
                                 "Invoice",
                                 "--kind-map",
                                 kinds,
                                 "--reason-default",
                                 "write-off",
                                 "--json"})
                          .json();
  CHECK(report.at("skipped_rows") == 1);
  CHECK(report.at("operations").at("applied") == 4);
  CHECK(shop.on_hand("A") == 98);
  CHECK(shop.on_hand("B") == 93);
  const auto rows = shop.rows(
      "SELECT kind, reference, reason, occurred_at FROM operation WHERE reference IS NOT NULL ORDER BY id");
  CHECK(rows == Rows{{"ship", "100", "NULL", "1291191960000000"},
                     {"receive", "C101", "NULL", "1291278360000000"},
                     {"adjust", "102", "write-off", "1291334400000000"},
                     {"adjust", "103", "broken", "1291334400000000"}});
}

TEST_CASE("NDJSON is found out by itself, and its rejects are NDJSON") {
  ApplyShop shop;
  const auto rejects = shop.dir().path("r.ndjson");
  const auto file =
      shop.file("f.ndjson",
                "{\"kind\":\"ship\",\"warehouse\":\"MAIN\",\"lines\":[{\"sku\":\"A\",\"quantity\":1},{"
                "\"sku\":\"B\",\"quantity\":2}],\"id\":\"n1\"}\n"
                "{\"kind\":\"ship\",\"warehouse\":\"MAIN\",\"sku\":\"C\",\"quantity\":1,\"id\":\"n2\"}\n");
  CHECK(shop.run({"apply", file, "--on-error", "skip", "--rejects", rejects}).exit == 12);
  CHECK(shop.on_hand("B") == 98);
  const auto reject = nlohmann::json::parse(read_file(rejects));
  CHECK(reject.at("id") == "n2");
  CHECK(reject.at("rejected").at("code") == "insufficient_stock");
  shop.must({"receive", "-w", "MAIN", "C=1"});
  shop.must({"apply", rejects});
  CHECK(shop.on_hand("C") == 0);
}

TEST_CASE("rejects keep the encoding, the delimiter and the line ends of the input") {
  ApplyShop shop;
  const auto rejects = shop.dir().path("r.csv");
  // 0xB0 0xA1 is one Korean syllable in CP949.
  const auto file = shop.file(
      "f.csv", "kind;warehouse;sku;quantity;note\r\nship;MAIN;C;1;\xb0\xa1\r\nship;MAIN;A;1;\xb0\xa1\r\n");
  CHECK(shop.run({"apply", file, "--encoding", "CP949", "--delimiter", ";", "--on-error", "skip", "--rejects",
                  rejects})
            .exit == 12);
  CHECK(
      without_digest(read_file(rejects))
          .starts_with("kind;warehouse;sku;quantity;note;rejected_key;rejected_code;rejected_reason\r\nship;"
                       "MAIN;C;1;\xb0\xa1;fix:file:DIGEST:1;insufficient_stock;"));
  CHECK(shop.text("SELECT note FROM operation WHERE kind = 'ship'") == "\xea\xb0\x80");
}

TEST_CASE("receive, ship, adjust and purchase read files of their own kind") {
  ApplyShop shop;
  const auto lines = shop.file("l.csv", "sku,quantity\nA,5\nB,1\n");
  shop.must({"receive", "-w", "EAST", "--from", lines, "--ref", "PO-9"});
  CHECK(shop.integer("SELECT COUNT(*) FROM operation WHERE reference = 'PO-9'") == 2);
  shop.must({"ship", "-w", "MAIN", "--from", "-"}, {.stdin_text = "sku,quantity\nA,10\n"});
  CHECK(shop.on_hand("A") == 95);
  shop.must({"adjust", "-w", "MAIN", "--from", shop.file("a.csv", "sku,quantity\nA,-2\nB,3\n"), "--reason",
             "count"});
  CHECK(shop.on_hand("A") == 93);
  CHECK(shop.on_hand("B") == 104);
  shop.must({"adjust", "-w", "MAIN", "--from", shop.file("c.csv", "sku,quantity\nA,7\nC,0\n"), "--set",
             "--reason", "count"});
  CHECK(shop.on_hand("A") == 12);
  shop.must(
      {"purchase", "--from", shop.file("p.csv", "sku,quantity,user\nA,6,kim\nA,5,\n"), "--user", "lee"});
  CHECK(shop.on_hand("A") == 1);
  CHECK(shop.rows("SELECT DISTINCT user_name FROM purchase ORDER BY 1") == Rows{{"kim"}, {"lee"}});

  CHECK(shop.run({"ship", "-w", "MAIN", "--from", shop.file("k.csv", "kind,sku,quantity\nreceive,A,1\n")})
            .exit == 8);
  CHECK(shop.run({"ship", "-w", "MAIN", "A=1", "--from", lines}).exit == 2);
  CHECK(shop.run({"ship", "-w", "MAIN", "--from", lines, "--id", "x"}).exit == 2);
  CHECK(shop.run({"ship", "-w", "MAIN", "A=1", "--group-by", "x"}).exit == 2);
  CHECK(shop.run({"ship", "-w", "MAIN"}).exit == 2);
  CHECK(shop.run({"adjust", "-w", "MAIN", "A=-1"}).exit == 2);
  CHECK(shop.run({"purchase", "A=1"}).exit == 2);
}

}  // namespace apply_formats_test
