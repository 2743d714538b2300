// What may come next on a command line. Everything is derived from the declarations that parse the line (the
// command table and each command's options) and from the database, so that nothing has to be repeated in the
// completion files of the shells.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "context.hpp"

namespace invctl::cmd {

struct Candidate {
  std::string word;  // the whole word that is being typed, without any quoting
  std::string help;  // may be empty
};

struct Completion {
  enum class Place {
    words,        // one of the candidates
    parts,        // the same, but the word goes on after them (SKU=): no space follows
    files,        // a file of the user's, after `kept`
    directories,  // the same for directories
  };
  Place place = Place::words;
  std::string kept;  // the beginning of the word that is no part of the file's name, such as `--config=`
  std::vector<Candidate> candidates;
};

// `words` are those after the program's name, without quoting; the last one, perhaps empty, is being typed.
// What the line says about the database (--db, --config) becomes a setting of the context. Throws what
// opening the database throws.
Completion complete_line(Context& context, std::span<const std::string> words);

// Every name (`-w`, `--warehouse`) that a command declares itself, with its help. `path` is the command and
// its subcommand; empty: the options that all commands understand. Nothing for a command that does not exist.
std::vector<Candidate> options_of(Context& context, std::span<const std::string> path);

// The commands, or the subcommands of one. Hidden ones are left out.
std::vector<Candidate> commands_of(Context& context, std::span<const std::string> path);

}  // namespace invctl::cmd
