#include "help.hpp"

namespace invctl::cmd {

namespace {

std::string full_name(const CLI::App* app) {
  std::string name = app->get_name();
  for (const auto* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) {
    name = parent->get_name() + " " + name;
  }
  return name;
}

bool repeats(const CLI::Option* option) {
  return option->get_expected_max() >= CLI::detail::expected_max_vector_size;
}

}  // namespace

HelpFormatter::HelpFormatter() {
  column_width(28);
  label("Positionals", "Words");
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string) const {
  std::string usage = "Usage: " + full_name(app) + " [OPTIONS]";
  for (const auto* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const auto word = make_option_name(option, true) + (repeats(option) ? "..." : "");
    usage += option->get_required() ? " " + word : " [" + word + "]";
  }
  if (!app->get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }).empty()) {
    usage += " COMMAND";
  }
  return usage + "\n";
}

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool positional) const {
  if (!positional) return option->get_name(false, true);
  return option->get_type_name().empty() ? option->get_name(true, false) : option->get_type_name();
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_positional()) return repeats(option) ? "..." : "";
  if (option->get_type_size() == 0) return "";
  std::string text = " " + option->get_type_name();
  if (!option->get_default_str().empty()) text += "=" + option->get_default_str();
  if (option->get_required()) text += " (required)";
  return text;
}

}  // namespace invctl::cmd
