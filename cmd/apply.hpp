// Posting from a file: `apply`, and `--from` of receive, ship, adjust and purchase.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apply/input.hpp"
#include "apply/mapping.hpp"
#include "apply/run.hpp"
#include "command.hpp"

namespace invctl::cmd {

struct ApplyOptions {
  std::string path;
  std::optional<std::string> input_format, group_by, reason_default, rejects, source, batch;
  std::optional<std::string> kind_map, kind_from_sign;  // apply only
  std::vector<std::string> maps;
  std::vector<std::string> constants;  // apply only
  std::string delimiter = ",";
  std::string encoding = "UTF-8";
  std::string on_error = "abort";
  bool as_new = false;
  bool dry_run = false;
  bool ack = false;  // apply only
};

// Declares what `apply` and `--from` share: how the input is read, and what is done about errors.
void add_input_options(CLI::App& app, ApplyOptions& options);

// What they say: where the input is and of what form, and what its rows mean. The latter throws Error(usage)
// where the kind of a row is said in more than one way.
intake::InputOptions input_options(const ApplyOptions& options);
void complete_mapping(Context& context, intake::Mapping& mapping, const ApplyOptions& options);

// Whether one of these was given; names it. They mean nothing without an input.
std::optional<std::string> input_option_given(const CLI::App& app);

// Posts operations from standard input as they come, and answers each on standard output.
Exit answer_stream(Context& context, const intake::Options& options, const intake::Mapping& mapping);

// Posts the input and reports. `mapping` says what the command itself knows: the kind, defaults.
Exit apply_input(Context& context, const ApplyOptions& options, intake::Mapping mapping);

}  // namespace invctl::cmd
