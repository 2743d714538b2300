// `apply` from the outside: all or nothing, never twice, and rejects that can be corrected.
#include <catch2/catch.hpp>

#include "apply_support.hpp"

namespace apply_test {

using namespace invctl::test;

namespace {

const std::string head = "kind,warehouse,sku,quantity,reference\n";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("apply posts a file once, and the same file again is replayed") {
  ApplyShop shop;
  const auto file =
      shop.file("f.csv", head + "ship,MAIN,A,5,SO-1\nreceive,MAIN,C,7,PO-1\nship,MAIN,C,2,SO-2\n");
  const auto first = shop.must({"apply", file, "--json"}).json();
  CHECK(first.at("operations") == nlohmann::json({{"applied", 3}, {"replayed", 0}, {"rejected", 0}}));
  CHECK(first.at("kinds").at("ship").at("applied") == 2);
  CHECK(first.at("rows") == 3);
  CHECK(first.at("movements") == 3);
  const auto again = shop.must({"apply", file, "--json"}).json();
  CHECK(again.at("operations") == nlohmann::json({{"applied", 0}, {"replayed", 3}, {"rejected", 0}}));
  CHECK(shop.must({"apply", file})
            .out.starts_with("apply: 0 operations applied, 3 replayed, 0 rejected (3 rows) in "));
  CHECK(shop.on_hand("A") == 95);
  CHECK(shop.on_hand("C") == 5);
  // A copy under another name is the same file; standard input is one too.
  CHECK(shop.must({"apply", "-", "--json"}, {.stdin_text = read_file(file)})
            .json()
            .at("operations")
            .at("replayed") == 3);
}

TEST_CASE("apply lists every malformed row and changes nothing") {
  ApplyShop shop;
  const auto before = shop.operations();
  const auto file =
      shop.file("f.csv", head + "ship,MAIN,A,5,\nship,MAIN,A,x,\nsell,MAIN,A,1,\nship,MAIN,,1,\n");
  const auto bad = shop.run({"apply", file});
  CHECK(bad.exit == 8);
  CHECK(bad.out.empty());
  CHECK(contains(bad.err, "f.csv:3:13: quantity: \"x\" is not a whole number"));
  CHECK(contains(bad.err, "f.csv:4:1: kind: \"sell\" is not a kind"));
  CHECK(contains(bad.err, "f.csv:5:11: sku: is empty"));
  CHECK(shop.run({"apply", file, "--json"}).error().at("lines").size() == 3);
  CHECK(shop.operations() == before);
}

TEST_CASE("apply lists every refusal of the rules with its place and changes nothing") {
  ApplyShop shop;
  const auto before = shop.operations();
  const auto file = shop.file(
      "f.csv",
      head + "ship,MAIN,A,60,\nship,MAIN,A,60,\nship,MAIN,NOPE,1,\nship,WEST,A,1,\nship,MAIN,B,1,\n");
  const auto refused = shop.run({"apply", file});
  CHECK(refused.exit == 4);
  CHECK(contains(refused.err, "f.csv:3:11: only 40 of A in MAIN, 60 requested"));
  CHECK(contains(refused.err, "f.csv:4:11: no product NOPE"));
  CHECK(contains(refused.err, "f.csv:5:11: no warehouse WEST"));
  CHECK(shop.operations() == before);
  CHECK(shop.on_hand("A") == 100);
  CHECK(shop.on_hand("B") == 100);
  const auto json = shop.run({"apply", file, "--json"}).error();
  CHECK(json.at("code") == "insufficient_stock");
  CHECK(json.at("lines").at(0).at("line") == 3);
  CHECK(json.at("lines").at(0).at("available") == 40);
}

TEST_CASE("apply with skip posts what is good, and the corrected rejects apply without doubling") {
  ApplyShop shop;
  const auto rejects = shop.dir().path("rejects.csv");
  const auto file = shop.file(
      "f.csv",
      head + "ship,MAIN,A,60,one\nship,MAIN,A,\"6,0\",two\nship,MAIN,A,70,three\nship,MAIN,B,1,four\n");
  const std::vector<std::string> command = {"apply", file, "--on-error", "skip", "--rejects", rejects};
  const auto partial = shop.run(command);
  CHECK(partial.exit == 12);
  CHECK(contains(partial.out, "2 operations applied, 0 replayed, 2 rejected (4 rows)"));
  CHECK(shop.on_hand("A") == 40);
  CHECK(without_digest(read_file(rejects)) ==
        "kind,warehouse,sku,quantity,reference,rejected_key,rejected_code,rejected_reason\n"
        "ship,MAIN,A,\"6,0\",two,fix:file:DIGEST:2,bad_row,\"" +
            file +
            ":3:13: quantity: \"\"6,0\"\" is not a whole number\"\n"
            "ship,MAIN,A,70,three,fix:file:DIGEST:3,insufficient_stock,\"" +
            file + ":4:11: only 40 of A in MAIN, 70 requested\"\n");
  // The same again: nothing is doubled, the same rows are rejected.
  CHECK(shop.run(command).exit == 12);
  CHECK(shop.on_hand("A") == 40);

  const auto corrected = shop.file("c.csv", replaced(read_file(rejects), "\"6,0\"", "6"));
  const auto more = shop.dir().path("more.csv");
  CHECK(shop.run({"apply", corrected, "--on-error", "skip", "--rejects", more}).exit == 12);
  CHECK(shop.on_hand("A") == 34);
  CHECK(without_digest(read_file(more))
            .starts_with("kind,warehouse,sku,quantity,reference,rejected_key,rejected_code,rejected_reason\n"
                         "ship,MAIN,A,70,three,fix:file:DIGEST:3,insufficient_stock,\""));
  // What is still missing comes in; then the rejects apply as they are, and nothing is left.
  shop.must({"receive", "-w", "MAIN", "A=100"});
  shop.must({"apply", more, "--on-error", "skip", "--rejects", more});
  CHECK(shop.on_hand("A") == 64);
  CHECK(read_file(more).empty());
  // All of the first file is there now, corrected or not; so are its rejects.
  for (const auto& again : {file, rejects, corrected}) {
    CHECK(contains(shop.run({"apply", again, "--on-error", "skip"}).out, ": 0 operations applied"));
  }
  CHECK(contains(shop.must(command).out, ": 0 operations applied, 4 replayed, 0 rejected"));
  CHECK(shop.on_hand("A") == 64);
}

TEST_CASE("rejects and a repetition of their file know of each other, whichever comes first") {
  struct Way {
    std::string name, content;
    std::vector<std::string> options = {};
  };
  const std::vector<Way> ways = {
      {"f.csv", "kind,warehouse,sku,quantity\nship,MAIN,C,5\nship,MAIN,A,1\n"},
      {"f.csv",
       "kind,warehouse,sku,quantity,doc\nship,MAIN,C,3,x\nship,MAIN,C,2,x\nship,MAIN,A,1,y\n",
       {"--group-by", "doc"}},
      // Nothing of this one can be posted at first.
      {"f.csv", "kind,warehouse,sku,quantity\nship,MAIN,C,5\n"},
      {"f.csv", "kind,warehouse,sku,quantity\nship,MAIN,C,5\nship,MAIN,A,1\n", {"--source", "till"}},
      {"f.ndjson",
       "{\"kind\":\"ship\",\"warehouse\":\"MAIN\",\"sku\":\"C\",\"quantity\":5}\n"
       "{\"kind\":\"ship\",\"warehouse\":\"MAIN\",\"sku\":\"A\",\"quantity\":1}\n"}};
  for (const auto& way : ways) {
    for (const bool rejects_first : {true, false}) {
      INFO(way.content << "rejects first: " << rejects_first);
      ApplyShop shop;
      const auto rejects = shop.dir().path("rejects");
      std::vector<std::string> first = {"apply", shop.file(way.name, way.content), "--on-error", "skip"};
      first.insert(first.end(), way.options.begin(), way.options.end());
      auto with_rejects = first;
      with_rejects.insert(with_rejects.end(), {"--rejects", rejects});
      std::vector<std::string> second = {"apply", rejects};
      if (way.options.size() == 2 && way.options[0] == "--group-by") {
        second.insert(second.end(), way.options.begin(), way.options.end());
      }
      CHECK(shop.run(with_rejects).exit == 12);
      shop.must({"receive", "-w", "MAIN", "C=20"});
      shop.must(rejects_first ? second : first);
      CHECK(shop.on_hand("C") == 15);
      const auto other = shop.must(rejects_first ? first : second);
      CHECK(contains(other.out, ": 0 operations applied"));
      CHECK(shop.on_hand("C") == 15);
      // Corrected after it was posted: refused, if it would be another operation.
      shop.file("rejects", replaced(replaced(read_file(rejects), "C,5", "C,4"), "C,3", "C,2"));
      if (way.name == "f.csv") CHECK(shop.run(second).exit == 5);
      CHECK(shop.on_hand("C") == 15);
      CHECK(shop.run({"verify"}).exit == 0);
    }
  }
}

TEST_CASE("a corrected reject does not make its file another one") {
  ApplyShop shop;
  const auto rejects = shop.dir().path("rejects.csv");
  const std::string day = "kind,warehouse,sku,quantity\nship,MAIN,A,1\nship,MAIN,C,5\nship,MAIN,B,1\n";
  CHECK(shop.run({"apply", shop.file("day.csv", day), "--on-error", "skip", "--rejects", rejects}).exit ==
        12);
  shop.must({"receive", "-w", "MAIN", "C=3"});
  shop.file("rejects.csv", replaced(read_file(rejects), "C,5", "C,3"));
  shop.must({"apply", rejects});
  CHECK(shop.on_hand("C") == 0);
  // The file that has grown since still begins like the one that was applied.
  const auto grown = shop.run({"apply", shop.file("day.csv", day + "ship,MAIN,A,1\n"), "--on-error", "skip"});
  CHECK(grown.exit == 5);
  CHECK(contains(grown.err, "--source"));
  CHECK(shop.on_hand("A") == 99);
}

TEST_CASE("a refusal in a file is not remembered under its id") {
  ApplyShop shop;
  const auto rejects = shop.dir().path("r.csv");
  const auto file =
      shop.file("f.csv", "kind,warehouse,sku,quantity,id\nship,MAIN,C,5,one\nship,MAIN,A,5,two\n");
  CHECK(shop.run({"apply", file, "--on-error", "skip", "--rejects", rejects}).exit == 12);
  CHECK(shop.on_hand("A") == 95);
  shop.must({"receive", "-w", "MAIN", "C=5"});
  const auto again = shop.must({"apply", rejects, "--json"}).json();
  CHECK(again.at("operations").at("applied") == 1);
  CHECK(shop.on_hand("C") == 0);
  CHECK(shop.must({"apply", file, "--json"}).json().at("operations").at("replayed") == 2);
}

TEST_CASE("rejects are never written over a file of another kind") {
  ApplyShop shop;
  const auto file = shop.file("f.csv", head + "ship,MAIN,C,5,\n");
  const auto other = shop.file("other.csv", "precious\n");
  for (const auto& path : {file, other}) {
    CHECK(shop.run({"apply", file, "--on-error", "skip", "--rejects", path}).exit == 5);
  }
  CHECK(read_file(other) == "precious\n");
  CHECK(read_file(file) == head + "ship,MAIN,C,5,\n");
}

TEST_CASE("a file that begins like one that was applied is neither doubled nor dropped") {
  ApplyShop shop;
  const std::string start = head + "ship,MAIN,A,1,a\nship,MAIN,A,2,b\n";
  shop.must({"apply", shop.file("day1.csv", start)});
  const auto longer = shop.file("longer.csv", start + "ship,MAIN,A,4,c\n");
  const auto shorter = shop.file("shorter.csv", head + "ship,MAIN,A,1,a\n");
  for (const auto& path : {longer, shorter}) {
    const auto refused = shop.run({"apply", path, "--json"});
    CHECK(refused.exit == 5);
    CHECK(refused.error().at("code") == "looks_applied");
    CHECK(contains(refused.error().at("hint"), "--source"));
    CHECK(contains(refused.error().at("hint"), "--as-new"));
    CHECK(shop.run({"apply", path, "--on-error", "skip"}).exit == 5);
  }
  CHECK(shop.on_hand("A") == 97);
  // Alike but for a row: another file.
  const auto other = shop.file("other.csv", head + "ship,MAIN,A,1,a\nship,MAIN,A,3,b\n");
  CHECK(shop.must({"apply", other, "--json"}).json().at("operations").at("applied") == 2);
  CHECK(shop.on_hand("A") == 93);
  CHECK(shop.must({"apply", longer, "--as-new", "--json"}).json().at("operations").at("applied") == 3);
  CHECK(shop.on_hand("A") == 86);
  CHECK(shop.must({"apply", longer, "--json"}).json().at("operations").at("replayed") == 3);
}

TEST_CASE("the same deliveries on two days are two files") {
  ApplyShop shop;
  const std::string columns = "kind,warehouse,sku,quantity,occurred_at\n";
  shop.must({"apply", shop.file("mon.csv", columns + "ship,MAIN,A,1,2026-01-05\n")});
  shop.must({"apply", shop.file("tue.csv", columns + "ship,MAIN,A,1,2026-01-06\n")});
  CHECK(shop.on_hand("A") == 98);
}

TEST_CASE("a source that grows posts only what is new, and old rows cannot change") {
  ApplyShop shop;
  const std::string start = head + "ship,MAIN,A,1,a\nship,MAIN,A,2,b\n";
  shop.must({"apply", shop.file("s.csv", start), "--source", "shop"});
  const auto grown =
      shop.must({"apply", shop.file("s.csv", start + "ship,MAIN,A,4,c\n"), "--source", "shop", "--json"})
          .json();
  CHECK(grown.at("operations") == nlohmann::json({{"applied", 1}, {"replayed", 2}, {"rejected", 0}}));
  CHECK(shop.on_hand("A") == 93);
  const auto changed =
      shop.run({"apply", shop.file("s.csv", head + "ship,MAIN,A,1,a\nship,MAIN,A,9,b\nship,MAIN,A,4,c\n"),
                "--source", "shop"});
  CHECK(changed.exit == 5);
  CHECK(contains(changed.err, "s.csv:3: operation 2 of source shop was posted with other content"));
  CHECK(shop.on_hand("A") == 93);
  // Another source has rows of its own.
  shop.must({"apply", shop.file("s.csv", start), "--source", "other"});
  CHECK(shop.on_hand("A") == 90);
}

TEST_CASE("the same file under another mapping is a conflict, not a second posting") {
  ApplyShop shop;
  const auto file = shop.file("f.csv", "sku,quantity\nA,5\n");
  shop.must({"apply", file, "--set", "kind=ship", "--set", "warehouse=MAIN"});
  CHECK(shop.run({"apply", file, "--set", "kind=receive", "--set", "warehouse=MAIN"}).exit == 5);
  CHECK(shop.on_hand("A") == 95);
}

TEST_CASE("overlapping runs of one file post each operation once") {
  ApplyShop shop;
  std::string rows = head;
  for (int i = 0; i < 60; ++i) rows += "ship,MAIN,A,1,r" + std::to_string(i) + "\n";
  const auto file = shop.file("f.csv", rows);
  for (const std::string mode : {"skip", "abort"}) {
    std::vector<std::unique_ptr<Process>> runs;
    for (int i = 0; i < 4; ++i) {
      std::vector<std::string> command = {"apply",          file,  "--on-error", mode,
                                          "--lock-timeout", "60s", "--json"};
      if (mode == "skip") command.insert(command.end(), {"--batch", "3"});
      runs.push_back(shop.start(command));
    }
    std::int64_t applied = 0;
    for (auto& run : runs) {
      const auto result = run->wait();
      INFO(result);
      REQUIRE(result.exit == 0);
      applied += result.json().at("operations").at("applied").get<std::int64_t>();
    }
    CHECK(applied == (mode == "skip" ? 60 : 0));
    CHECK(shop.on_hand("A") == 40);
  }
}

TEST_CASE("a dry run reports what would happen and leaves nothing") {
  ApplyShop shop;
  const auto before = shop.operations();
  const auto file = shop.file("f.csv", head + "ship,MAIN,A,60,\nship,MAIN,A,60,\n");
  CHECK(shop.run({"apply", file, "--dry-run"}).exit == 4);
  const auto rejects = shop.dir().path("r.csv");
  const auto partial = shop.run(
      {"apply", file, "--dry-run", "--on-error", "skip", "--batch", "1", "--rejects", rejects, "--json"});
  CHECK(partial.exit == 12);
  CHECK(partial.json().at("operations") ==
        nlohmann::json({{"applied", 1}, {"replayed", 0}, {"rejected", 1}}));
  CHECK(shop.operations() == before);
  CHECK(shop.integer("SELECT COUNT(*) FROM applied_file") == 0);
  CHECK_FALSE(file_exists(rejects));
}

TEST_CASE("options that contradict each other are refused") {
  ApplyShop shop;
  const auto file = shop.file("f.csv", head + "ship,MAIN,A,1,\n");
  const std::vector<std::vector<std::string>> wrong = {
      {"--rejects", "r.csv"},
      {"--batch", "5"},
      {"--on-error", "ignore"},
      {"--on-error", "skip", "--batch", "0"},
      {"--on-error", "skip", "--rejects", "-"},
      {"--map", "kind=kind", "--kind-from-sign", "ship,receive"},
      {"--kind-from-sign", "ship"},
      {"--map", "sku"},
      {"--map", "qty=quantity"},
      {"--map", "sku=sku", "--set", "sku=A"},
      {"--set", "id=1"},
      {"--source", "s", "--as-new"},
      {"--source", std::string(41, 's')},
      {"--input-format", "xml"},
      {"--encoding", "EBCDIC-9999"},
  };
  for (const auto& options : wrong) {
    std::vector<std::string> command = {"apply", file};
    command.insert(command.end(), options.begin(), options.end());
    INFO(options.front() << " " << options.back());
    CHECK(shop.run(command).exit == 2);
  }
  CHECK(shop.on_hand("A") == 100);
}

TEST_CASE("what is applied but cannot be reported is exit 13") {
  ApplyShop shop;
  const auto file = shop.file("f.csv", head + "ship,MAIN,A,1,\n");
  CHECK(shop.run({"apply", file}, {.stdout_to = "/dev/full"}).exit == 13);
  CHECK(shop.on_hand("A") == 99);
}

}  // namespace apply_test
