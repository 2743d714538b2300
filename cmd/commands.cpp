#include "command.hpp"

namespace invctl::cmd {

std::span<const Command> command_table() {
  static constexpr Command table[] = {
      {"init-db", "Set up", "create a database, or upgrade it to this version", setup_init_db},
      {"warehouse", "Set up", "add, list, show or retire warehouses", setup_warehouse},
      {"product", "Set up", "add, change, list, show or retire products", setup_product},
      {"receive", "Change stock", "take stock in", setup_receive},
      {"ship", "Change stock", "send stock out", setup_ship},
      {"adjust", "Change stock", "correct stock, with a reason", setup_adjust},
      {"purchase", "Change stock", "sell stock to a user at the product's price", setup_purchase},
      {"stock", "Look", "what is on hand, reserved and available", setup_stock},
      {"history", "Look", "movements of the ledger, newest first", setup_history},
      {"config", "Help", "every setting, its value and where it comes from", setup_config},
      {"schema", "Help", "the JSON Schema of a command's answer", setup_schema},
      {"complete", "", "words for shell completion", setup_complete},
  };
  return table;
}

}  // namespace invctl::cmd
