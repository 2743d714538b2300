// The JSON Schema (draft 2020-12) of each command's answer. The tests hold every JSON answer they see against
// it, so that it cannot drift from what is printed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "command.hpp"
#include "core/text.hpp"
#include "schema_types.hpp"

namespace invctl::cmd {

namespace {

struct SchemaOptions {
  std::vector<std::string> command;
};

Exit print_schema(Context& context, const std::string& wanted) {
  std::vector<std::string> names;
  for (const auto schemas : {change_schemas(), other_schemas(), report_schemas()}) {
    for (const auto& answer : schemas) {
      names.emplace_back(answer.command);
      if (answer.command != wanted) continue;
      Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                     {"title", fmt::format("answer of invctl {}", wanted)}};
      schema.update(answer.schema());
      io::print_json(context.out, io::Format::json, schema);
      return Exit::ok;
    }
  }
  const auto near = text::closest(wanted, names);
  throw Error(Exit::usage, fmt::format("there is no schema of {}", text::quoted(wanted)),
              near.empty() ? "one of: " + text::join(names, ", ") : fmt::format("did you mean {}?", near));
}

}  // namespace

void setup_schema(CLI::App& app, Action& action) {
  auto options = std::make_shared<SchemaOptions>();
  app.add_option("command", options->command, "the command, such as `receive` or `product list`; or `error`")
      ->type_name("COMMAND")
      ->required();
  action = [options](Context& context) { return print_schema(context, text::join(options->command, " ")); };
}

}  // namespace invctl::cmd
