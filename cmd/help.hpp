// How --help looks.
#pragma once

#include <CLI/CLI.hpp>

namespace invctl::cmd {

// CLI11's layout with usage lines that can be typed: the whole command, and what stands for its words.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_name(const CLI::Option* option, bool positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
};

}  // namespace invctl::cmd
