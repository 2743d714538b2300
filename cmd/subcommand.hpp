// Commands of a command, such as `product add`.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "command.hpp"
#include "context.hpp"

namespace invctl::cmd {

// Adds `name`, which runs `run(context, *options)`. The options are shared by all commands of `app`.
template <class Options, class Run>
CLI::App* add_command(CLI::App& app, Action& action, const std::shared_ptr<Options>& options,
                      const char* name, const char* summary, Run run) {
  auto* command = app.add_subcommand(name, summary);
  command->fallthrough();
  command->group("Commands");
  command->callback([options, run = std::move(run), name, &action] {
    action = [options, run, name](Context& context) {
      context.command += std::string(" ") + name;
      return run(context, *options);
    };
  });
  return command;
}

}  // namespace invctl::cmd
