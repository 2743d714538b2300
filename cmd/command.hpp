// The one table of commands. Adding one: its file, a line in commands.cpp, its man section, its test.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "context.hpp"

namespace CLI {
class App;
}

namespace invctl::cmd {

// What a command does once its arguments are parsed. Failures are thrown.
using Action = std::function<Exit(Context&)>;

struct Command {
  std::string_view name;
  std::string_view group;    // heading in the help; empty: hidden
  std::string_view summary;  // one line, lower case
  // Declares the command's options and says what to run; no side effects.
  void (*setup)(CLI::App& app, Action& action);
  std::string_view example = {};  // one that can be typed
  bool long_running = false;      // takes --single-instance
};

std::span<const Command> command_table();

void setup_init_db(CLI::App& app, Action& action);
void setup_seed(CLI::App& app, Action& action);
void setup_warehouse(CLI::App& app, Action& action);
void setup_product(CLI::App& app, Action& action);
void setup_price(CLI::App& app, Action& action);
void setup_threshold(CLI::App& app, Action& action);
void setup_receive(CLI::App& app, Action& action);
void setup_ship(CLI::App& app, Action& action);
void setup_adjust(CLI::App& app, Action& action);
void setup_purchase(CLI::App& app, Action& action);
void setup_transfer(CLI::App& app, Action& action);
void setup_reserve(CLI::App& app, Action& action);
void setup_confirm(CLI::App& app, Action& action);
void setup_release(CLI::App& app, Action& action);
void setup_extend(CLI::App& app, Action& action);
void setup_reservation(CLI::App& app, Action& action);
void setup_count(CLI::App& app, Action& action);
void setup_watch(CLI::App& app, Action& action);
void setup_run(CLI::App& app, Action& action);
void setup_report(CLI::App& app, Action& action);
void setup_close(CLI::App& app, Action& action);
void setup_reverse(CLI::App& app, Action& action);
void setup_apply(CLI::App& app, Action& action);
void setup_stock(CLI::App& app, Action& action);
void setup_alerts(CLI::App& app, Action& action);
void setup_history(CLI::App& app, Action& action);
void setup_simulate(CLI::App& app, Action& action);
void setup_simulate_worker(CLI::App& app, Action& action);
void setup_doctor(CLI::App& app, Action& action);
void setup_verify(CLI::App& app, Action& action);
void setup_seal(CLI::App& app, Action& action);
void setup_rebuild(CLI::App& app, Action& action);
void setup_backup(CLI::App& app, Action& action);
void setup_export(CLI::App& app, Action& action);
void setup_import(CLI::App& app, Action& action);
void setup_config(CLI::App& app, Action& action);
void setup_schema(CLI::App& app, Action& action);
void setup_complete(CLI::App& app, Action& action);

}  // namespace invctl::cmd
