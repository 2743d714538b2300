// Arguments that mean nothing: each is refused with exit 2, in words that name what is wrong and what would
// work, before anything is done.
#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/harness.hpp"

namespace usage_test {

using namespace invctl::test;
using Catch::Contains;
using Catch::EndsWith;

namespace {

struct Refusal {
  std::vector<std::string> args;
  std::string message;
  std::string hint = {};  // empty: it has none
};

// A shop in which every word that is not meant to be wrong is right.
class Shop : public Database {
 public:
  Shop() {
    must({"warehouse", "add", "EAST"});
    must({"warehouse", "add", "WEST"});
    must({"product", "add", "BOLT", "--price", "0.25"});
    must({"receive", "-w", "EAST", "BOLT=5"});
    const auto reserved = must({"reserve", "-w", "EAST", "BOLT=1", "--json"}).json();
    reservation = std::to_string(reserved.at("reservation").get<std::int64_t>());
    must({"count", "open", "-w", "EAST"});
    dir().write("rows.csv", "kind,warehouse,sku,quantity\nship,EAST,BOLT,1\n");
  }

  std::string reservation;  // of 1 BOLT in EAST

  void check(const std::vector<Refusal>& refusals) {
    const auto before = content();
    for (const auto& [args, message, hint] : refusals) {
      std::string command = "invctl";
      for (const auto& word : args) command += " '" + word + "'";
      INFO(command);
      const auto result = run(args);
      CHECK(result.exit == 2);
      CHECK(result.out.empty());
      const auto first = result.err.substr(0, result.err.find('\n'));
      CHECK_THAT(first, Contains(": " + args.front()) && EndsWith(": " + message));
      CHECK_THAT(first, !EndsWith("."));
      if (hint.empty()) {
        CHECK_THAT(result.err, !Contains("hint: "));
      } else {
        CHECK_THAT(result.err, Contains("\nhint: " + hint));
      }
    }
    CHECK(content() == before);
  }

 private:
  Rows content() {
    return rows(
        "SELECT (SELECT count(*) FROM operation), (SELECT count(*) FROM movement), "
        "(SELECT count(*) FROM price_change), (SELECT count(*) FROM product), (SELECT count(*) FROM "
        "threshold), "
        "(SELECT count(*) FROM count_entry), (SELECT count(*) FROM seal), (SELECT count(*) FROM "
        "applied_file)");
  }
};

}  // namespace

TEST_CASE("lines that contradict each other, or say nothing, are refused", "[usage]") {
  Shop db;
  const std::string words = "SKU=QTY words such as BOLT-10=5, or --from FILE";
  db.check({
      {{"receive", "-w", "EAST"}, "which lines?", words},
      {{"ship", "-w", "EAST", "--delimiter", ";", "BOLT=1"}, "--delimiter goes with --from FILE"},
      {{"receive", "-w", "EAST", "BOLT=1", "--scan"},
       "lines are given both as words and with --scan",
       "one of the two"},
      {{"receive", "-w", "EAST", "--from", "rows.csv", "--scan"},
       "lines come both from --scan and --from",
       "one of the two"},
      {{"receive", "-w", "EAST", "BOLT=1", "--from", "rows.csv"},
       "lines are given both as words and with --from",
       "one of the two"},
      {{"receive", "-w", "EAST", "--from", "rows.csv", "--id", "K"},
       "--id names one operation, --from may hold many",
       "a column `id` of the input"},
      {{"receive", "BOLT=1"}, "which warehouse?", "-w WH, or INVCTL_WAREHOUSE"},
      {{"receive", "-w", "EAST", "--scan"}, "nothing was scanned", "one code, or QTY*CODE, on each line"},
      {{"adjust", "-w", "EAST", "BOLT=+1"}, "why? --reason TEXT is needed", "say why the stock is corrected"},
      {{"adjust", "-w", "EAST", "BOLT=+1", "--reason", "r", "--expect", "5"},
       "--expect goes with --set and one line",
       "invctl adjust -w WH SKU=N --set --expect M"},
      {{"adjust", "-w", "EAST", "BOLT=1", "--set", "--reason", "r", "--expect", "x"},
       "--expect: \"x\" is not a whole number"},
      {{"adjust", "--from", "rows.csv", "--expect", "5"}, "--expect does not go with --from"},
      {{"transfer", "--from", "EAST", "--to", "EAST", "BOLT=1"},
       "--from and --to are both EAST",
       "stock is transferred between two warehouses"},
      {{"purchase", "BOLT=1"}, "who buys?", "--user NAME"},
      {{"purchase", "--from", "rows.csv", "--reservation", "1"},
       "--reservation names one purchase, --from may hold many"},
      {{"purchase", "BOLT=1", "--user", "kim", "--reservation", db.reservation, "-w", "WEST"},
       "reservation " + db.reservation + " is of warehouse EAST",
       "leave -w out"},
      {{"adjust", "-w", "EAST", "BOLT=+1", "--reason", " "},
       "why? --reason TEXT is needed",
       "say why the stock is corrected"},
      {{"reverse", "1", "--reason", "  "}, "--reason is empty", "say why it is undone"},
      {{"reverse", "1", "--reason", ""}, "--reason is empty", "say why it is undone"},
  });
}

TEST_CASE("values that are none of their kind are refused by name", "[usage]") {
  Shop db;
  db.check({
      {{"receive", "-w", "EAST", "BOLT=1", "--unit-cost", "x"},
       "--unit-cost: \"x\" is not an amount such as 12.50",
       "such as 2.50, or BOLT-10=2.50"},
      {{"receive", "-w", "EAST", "BOLT=1", "--unit-cost", "1", "--unit-cost", "2"},
       "--unit-cost is given twice",
       "SKU=COST is that of one product"},
      {{"receive", "-w", "EAST", "BOLT=1", "--unit-cost", "BOLT=1", "--unit-cost", "BOLT=2"},
       "--unit-cost of BOLT is given twice"},
      {{"receive", "-w", "EAST", "BOLT=1", "--unit-cost", "NUT=1"},
       "--unit-cost of NUT, which is not received",
       "SKU=COST is about one of the lines"},
      {{"reserve", "-w", "EAST", "BOLT=1", "--ttl", "soon"},
       "--ttl: \"soon\" is not a duration such as 500ms, 5s, 15m, 2h or 7d",
       "such as 15m, 2h or 7d"},
      {{"reserve", "-w", "EAST", "BOLT=1", "--ttl", "3651d"}, "--ttl 3651d is not between 1ms and 3650d"},
      {{"history", "--kind", "theft"}, "\"theft\" is not a kind of operation", "receive, ship, adjust"},
      {{"history", "--full"}, "--full is about one operation", "history --operation N --full"},
      {{"alerts", "--since", "x"}, "--since: \"x\" is not a whole number", "the seq of a movement"},
      {{"seal", "--list", "--name", "n"}, "--list takes no --name"},
      {{"verify", "--seal", "s"}, "\"s\" is not a seal", "as `invctl seal` prints it"},
      {{"close", "--list", "--dry-run"}, "--list takes no other option"},
      {{"close"}, "which period?", "--period 2025-10, or --list"},
      {{"report", "valuation", "--method", "lifo"}, "--method \"lifo\" is not average or fifo"},
      {{"report", "movements", "--time", "shipped"}, "--time \"shipped\" is not occurred or recorded"},
      {{"report", "movements", "--period", "2025-10", "--from", "2025-10-01"},
       "--period says both --from and --to"},
      {{"report", "movements", "--html", "r.html"},
       "--html is a report of its own",
       "`invctl report --html FILE`"},
      {{"run", "--list", "plan"}, "--list shows all runs", "without a plan"},
      {{"run"}, "which plan?", "a file with one JSON object on each line, or -"},
      {{"run", "plan", "--compensate", "--abandon"}, "--compensate and --abandon exclude each other"},
  });
}

TEST_CASE("a catalogue is not changed by what cannot be read", "[usage]") {
  Shop db;
  db.check({
      {{"product", "set", "BOLT"}, "nothing to set", "--name, --category, --unit, --price"},
      {{"price", "set", "BOLT=1"}, "why does the price change?", "--reason TEXT"},
      {{"price", "set", "BOLT=1", "--reason", " "}, "why? --reason is empty", "--reason TEXT"},
      {{"price", "set", "--reason", "r"}, "which prices?", "BOLT-10=2.50 NUT-10=1.10"},
      {{"price", "set", "BOLT=1", "NUT=1", "NUT", "--reason", "r"},
       "\"NUT\" is neither SKU=PRICE nor one of a pair",
       "BOLT-10=2.50 NUT-10=1.10, or BOLT-10 2.50"},
      {{"price", "set", "BOLT=1", "BOLT=2", "--reason", "r"},
       "BOLT=2: it has a price already in this command"},
      {{"price", "set", "BOLT=1", "--reason", "r", "--max-change", "much"},
       "--max-change: \"much\" is not a percentage",
       "such as 30% or 12.5%"},
      {{"price", "set", "BOLT=1", "--reason", "r", "--max-change", "1.1234567%"},
       "--max-change: \"1.1234567%\" has more than six decimals",
       "such as 30% or 12.5%"},
      {{"price", "set", "BOLT=1", "--reason", "r", "--max-change", "1000001"},
       "--max-change: \"1000001\" is more than 1000000%",
       "such as 30% or 12.5%"},
      {{"threshold", "set", "BOLT"}, "nothing to set", "--reorder-point N, --target N"},
      {{"threshold", "set", "BOLT", "--target", "9"},
       "at how many is it to be ordered?",
       "--reorder-point N"},
      {{"threshold", "set", "BOLT", "--reorder-point", "x"},
       "--reorder-point: \"x\" is not a whole number",
       "`threshold unset` takes it away"},
      {{"threshold", "set", "BOLT", "--reorder-point", "5", "--target", "4"},
       "the target 4 is below the reorder point 5",
       "order up to the reorder point at least"},
      {{"count", "enter", "1"}, "what was counted?", "SKU=QTY words, or --scan"},
      {{"count", "close", "1", "--policy", "lax"}, "\"lax\" is not a policy", "strict, rebase or as-counted"},
  });
}

TEST_CASE("two formats at once are not taken for one") {
  Shop db;
  const auto result = db.run({"product", "list", "--json", "--format", "csv"});
  INFO(result);
  CHECK(result.exit == 2);
  CHECK(result.out.empty());
  CHECK(result.error().at("message") == "--format and --json contradict each other");
  db.must({"product", "list", "--json", "--format", "json"});
}

TEST_CASE("files are not read in a way that contradicts itself", "[usage]") {
  Shop db;
  db.check({
      {{"apply", "rows.csv", "--on-error", "stop"}, "--on-error \"stop\" is not abort or skip"},
      {{"apply", "rows.csv", "--batch", "5"},
       "--batch goes with --on-error skip",
       "without it all of the input is one transaction"},
      {{"apply", "rows.csv", "--on-error", "skip", "--batch", "0"}, "--batch 0 is not between 1 and 100000"},
      {{"apply", "rows.csv", "--on-error", "skip", "--rejects", "-"},
       "--rejects needs the name of a file",
       "standard output carries the report"},
      {{"apply", "rows.csv", "--source", "s", "--as-new"},
       "--as-new does not go with --source",
       "the keys of a source are its positions"},
      {{"apply", "rows.csv", "--input-format", "xml"}, "--input-format \"xml\" is not csv or ndjson"},
      {{"apply", "rows.csv", "--delimiter", "xx"},
       "\"xx\" cannot be a delimiter",
       "a delimiter is one punctuation character"},
      {{"apply", "rows.csv", "--set", "kind=ship", "--kind-from-sign", "ship,receive"},
       "the kind of a row is said in more than one way",
       "one of --kind-map, --kind-from-sign"},
      {{"apply", "rows.csv", "--kind-from-sign", "ship"},
       "--kind-from-sign \"ship\" does not name two kinds",
       "the kind of positive quantities"},
      {{"apply", "rows.csv", "--set", "id=K"},
       "--set id gives all operations the same id",
       "--map id=COLUMN, or --source NAME"},
      {{"apply", "rows.csv", "--ack"},
       "--ack goes with standard input and one JSON object per line",
       "invctl apply - --ack"},
      {{"apply", "rows.csv", "--map", "sku"},
       "--map \"sku\" is not FIELD=COLUMN",
       "such as --map sku=StockCode"},
      {{"apply", "rows.csv", "--map", "sku=A", "--map", "sku=B"},
       "sku is mapped twice",
       "say once where the field comes from"},
      {{"seed-from-csv"}, "nothing to seed from", "name a directory, or files"},
      {{"seed-from-csv", "--products", "-", "--stock", "-"}, "standard input can be only one of the files"},
      {{"seed-from-csv", "--products", "p.csv", "--rejects", "-"},
       "--rejects needs the name of a file",
       "standard output carries the report"},
      {{"seed-from-csv", "--products", "p.csv", "--on-duplicate", "any"},
       "--on-duplicate \"any\" is not fail, first or last"},
      {{"seed-from-csv", "--products", "p.csv", "--map", "product.sku"},
       "--map \"product.sku\" is not KIND.FIELD=COLUMN",
       "such as --map product.sku=ProductNumber"},
      {{"seed-from-csv", "--products", "p.csv", "--map", "product.sku=A", "--map", "product.sku=B"},
       "--map: product.sku is mapped twice"},
      {{"seed-from-csv", "--products", "p.csv", "--map", "stock.sku=A"},
       "--map stock.sku: no file of stock is given",
       "name it with --stock"},
  });
}

TEST_CASE("an address that gives a password away, or names nothing, is refused", "[usage]") {
  Shop db;
  const auto told = db.run({"stock", "--db", "mysql://kim:secret@localhost/shop"});
  CHECK(told.exit == 2);
  CHECK_THAT(told.err, Contains("a password in --db can be read by every user of this machine"));
  CHECK_THAT(told.err, Contains("hint: put it into INVCTL_DB_PASSWORD") && !Contains("secret"));
  const auto empty = db.run({"stock", "--db", ""});
  CHECK(empty.exit == 2);
  CHECK_THAT(empty.err, Contains("--db: must not be empty"));
  const auto odd = db.run({"init-db", "--db", "sqlite:" + db.dir().path("odd.db"), "--currency", "XXQ"});
  CHECK(odd.exit == 2);
  CHECK_THAT(odd.err, Contains("\"XXQ\" is not an ISO 4217 currency code"));
  CHECK_FALSE(file_exists(db.dir().path("odd.db")));
}

TEST_CASE("no message shows a password, wherever in an address it was put", "[usage]") {
  Shop db;
  for (const std::string url :
       {"mysql://u@h/x?password=s3cret", "mysql://u:s3cret", "mysql://u:s3cret/x",
        "mysql:u:s3cret@localhost/x", "mysql:/u:s3cret@localhost/x", "mysql://h1:3306,h2:s3cret/x",
        "mysql://u:s3cret@h:x/y", "MYSQL://u:s3cret@h/x"}) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"stock"},
                                                    {"doctor"},
                                                    {"init-db"},
                                                    {"stock", "--json"},
                                                    {"config", "--format", "csv"}}) {
      INFO(url << " " << command.front());
      auto in_words = command;
      in_words.insert(in_words.end(), {"--db", url});
      const auto told = db.run(in_words);
      CHECK_THAT(told.out + told.err, !Contains("s3cret"));
      const auto in_environment = db.run(command, {.env = {{"INVCTL_DB", url}}});
      CHECK_THAT(in_environment.out + in_environment.err, !Contains("s3cret"));
    }
  }
}

TEST_CASE("an option whose value was forgotten does not take the next option for it", "[usage]") {
  Shop db;
  db.check({
      {{"ship", "-w", "EAST", "BOLT=1", "--note", "--dry-run"},
       "--note has no value: --dry-run follows",
       "--note=--dry-run gives it that one"},
      {{"ship", "BOLT=1", "-w", "--ref", "x"}, "-w has no value: --ref follows", "-w=--ref"},
      {{"stock", "--sku", "--quiet"}, "--sku has no value: --quiet follows", "--sku=--quiet"},
  });
  // What only looks like one is a value.
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=1", "--note", "--no-such-option", "--dry-run"}).exit == 0);
  CHECK(db.run({"ship", "-w", "EAST", "BOLT=1", "--note=--dry-run", "--dry-run"}).exit == 0);
  CHECK(db.run({"adjust", "-w", "EAST", "--reason", "r", "--dry-run", "--", "BOLT=-1"}).exit == 0);
}

TEST_CASE("a word that no command knows is named, with the one that may have been meant", "[usage]") {
  Shop db;
  const auto hint = [&](const std::vector<std::string>& words) {
    const auto told = db.run(words);
    CHECK(told.exit == 2);
    return told.err;
  };
  CHECK(hint({"product", "shwo", "BOLT"}) ==
        "invctl: product: \"shwo\" is not a command of product\nhint: did you mean show?\n");
  CHECK(hint({"report", "movemnts"}) ==
        "invctl: report: \"movemnts\" is not a command of report\nhint: did you mean movements?\n");
  CHECK(hint({"stock", "--skuu", "X"}) ==
        "invctl: stock: \"--skuu\" is not expected here\nhint: did you mean --sku?\n");
  CHECK_THAT(hint({"warehouse", "add", "A", "B", "C"}),
             Contains("\"B\" is not expected here") && Contains("`invctl warehouse add --help`"));
}

}  // namespace usage_test
