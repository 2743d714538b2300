#include "command.hpp"

namespace invctl::cmd {

std::span<const Command> command_table() {
  static constexpr Command table[] = {
      {"init-db", "Set up", "create a database, or upgrade it to this version", setup_init_db,
       "invctl init-db --currency EUR"},
      {"seed-from-csv", "Set up", "load warehouses, products and opening stock", setup_seed,
       "invctl seed-from-csv data --dry-run", true},
      {"warehouse", "Set up", "add, list, show or retire warehouses", setup_warehouse,
       "invctl warehouse add EAST --name \"East hall\""},
      {"product", "Set up", "add, change, list, show or retire products", setup_product,
       "invctl product add BOLT-10 --name \"Bolt M10\" --price 0.25 --reorder-point 500"},
      {"receive", "Change stock", "take stock in", setup_receive,
       "invctl receive -w EAST BOLT-10=500 --ref PO-1001"},
      {"ship", "Change stock", "send stock out", setup_ship,
       "invctl ship -w EAST BOLT-10=20 NUT-10=20 --ref SO-2001"},
      {"adjust", "Change stock", "correct stock, with a reason", setup_adjust,
       "invctl adjust -w EAST BOLT-10=-3 --reason \"damaged\""},
      {"purchase", "Change stock", "sell stock to a user at the product's price", setup_purchase,
       "invctl purchase BOLT-10=2 --user kim --id order-77"},
      {"reverse", "Change stock", "undo an operation by its opposite", setup_reverse,
       "invctl reverse 42 --reason \"booked twice\""},
      {"apply", "Change stock", "post operations from a file or a pipe", setup_apply,
       "invctl apply orders.csv --set kind=ship --set warehouse=EAST --source web-shop"},
      {"stock", "Look", "what is on hand, reserved and available", setup_stock,
       "invctl stock -w EAST --below-reorder"},
      {"history", "Look", "movements of the ledger, newest first", setup_history,
       "invctl history --sku BOLT-10 --since 2026-01-01"},
      {"simulate-concurrency", "Prove", "let many buyers race and check the result", setup_simulate,
       "invctl simulate-concurrency --buyers 1000 --stock 100 --mode processes"},
      {"simulate-worker", "", "one worker process of simulate-concurrency", setup_simulate_worker},
      {"doctor", "Prove", "what keeps this database from being safe, or from working", setup_doctor,
       "invctl doctor"},
      {"verify", "Prove", "check the ledger against itself and the balances", setup_verify,
       "invctl verify --check hash-chain --sku BOLT-10", true},
      {"seal", "Prove", "seal the ledger as it is: a digest to be kept elsewhere", setup_seal,
       "invctl seal --name 2026-Q1", true},
      {"rebuild", "Prove", "compare every balance with the ledger, and put it right", setup_rebuild,
       "invctl rebuild --check", true},
      {"backup", "Keep", "copy the database while others work, and check the copy", setup_backup,
       "invctl backup stock-2026-11-21.db", true},
      {"export", "Keep", "write the whole ledger in a form that every engine reads", setup_export,
       "invctl export ledger.ndjson", true},
      {"import", "Keep", "fill an empty database from an export", setup_import, "invctl import ledger.ndjson",
       true},
      {"config", "Help", "every setting, its value and where it comes from", setup_config, "invctl config"},
      {"schema", "Help", "the JSON Schema of a command's answer", setup_schema, "invctl schema product list"},
      {"complete", "", "words for shell completion", setup_complete},
  };
  return table;
}

}  // namespace invctl::cmd
