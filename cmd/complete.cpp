// `invctl complete KIND [PREFIX]`: what the shell completions ask while somebody types. Never says anything
// on stderr and never fails: a completion that cannot be had is an empty one.
#include <CLI/CLI.hpp>

#include "command.hpp"

namespace invctl::cmd {

namespace {

struct CompleteOptions {
  std::string kind, prefix;
};

constexpr std::int64_t most = 200;

}  // namespace

void setup_complete(CLI::App& app, Action& action) {
  auto options = std::make_shared<CompleteOptions>();
  app.add_option("kind", options->kind, "warehouses, skus or commands")->required();
  app.add_option("prefix", options->prefix, "what was typed so far");
  action = [options](Context& context) {
    std::vector<std::string> words;
    try {
      if (options->kind == "commands") {
        for (const auto& command : command_table()) {
          if (!command.group.empty() && command.name.starts_with(options->prefix))
            words.emplace_back(command.name);
        }
      } else {
        const auto store = context.open_for_reading();
        words = options->kind == "skus" ? store->skus(options->prefix, most)
                                        : store->warehouse_codes(options->prefix, most);
      }
    } catch (const Error&) {
      words.clear();
    }
    for (const auto& word : words) {
      // A word with a line feed or a space could not be told from two.
      if (word.find_first_of("\n ") == std::string::npos) context.out.write(word + "\n");
    }
    return Exit::ok;
  };
}

}  // namespace invctl::cmd
