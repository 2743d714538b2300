// What becomes of completions in bash, zsh and fish: typed at the real shells, on a terminal.
#include <catch2/catch.hpp>

#include "harness.hpp"
#include "hostile_codes.hpp"
#include "shell.hpp"

namespace completions_shell_test {

using namespace invctl::test;

namespace {

struct Keys {
  std::string typed;     // \t is the Tab key
  std::string received;  // the words that the command gets
};

// Types each line at a shell, where `show` prints its arguments as <one><two>END and completes like invctl.
void type_all(Terminal& terminal, const std::string& setup, const std::vector<Keys>& cases) {
  terminal.type(setup + "\n");
  terminal.read_until("\nREADY\r");
  for (const auto& keys : cases) {
    INFO(keys.typed);
    terminal.type(keys.typed + "\n");
    const auto seen = terminal.read_until(">END\r");
    const auto end = seen.rfind(">END\r");
    const auto start = seen.rfind('\n', end);
    CHECK(seen.substr(start + 1, end - start) == keys.received);
  }
}

const std::string completions = PROJECT_DIR "/completions";

std::vector<Keys> keys_for_every_shell() {
  return {
      {"show rece\t-w EA\tBOLT-\t5", "<receive><-w><EAST><BOLT-10=5>"},
      {"show stock -w 서\t", "<stock><-w><서울 창고>"},
      {"show stock -w \"서\t", "<stock><-w><서울 창고>"},
      {"show stock --warehouse=A:\t", "<stock><--warehouse=A:1 b>"},
      {"show stock -w A:1\t", "<stock><-w><A:1 b>"},
      {"show stock -w \"A:\t", "<stock><-w><A:1 b>"},
      {"show stock -w 'it\t", "<stock><-w><it's $5 \"x\">"},
      {"show stock -w it\t", "<stock><-w><it's $5 \"x\">"},
      {"show stock -w \"it\t", "<stock><-w><it's $5 \"x\">"},
      {"show stock --sku a@\t", "<stock><--sku><a@b:c>"},
      {"show stock --sku a@b\t", "<stock><--sku><a@b:c>"},
      {"show stock --sku \"a@b\t", "<stock><--sku><a@b:c>"},
      {"show stock --sku=a@b:\t", "<stock><--sku=a@b:c>"},
      {"show stock --sku 50\t", "<stock><--sku><50% off*>"},
      {"show stock --sku '$H\t", "<stock><--sku><$HOME>"},
      {"show stock --sku \\$H\t", "<stock><--sku><$HOME>"},
      {"show stock --sku a\\\\\t", "<stock><--sku><a\\b;c>"},
      {"show stock --sku '\"\t", "<stock><--sku><\"q\">"},
      {"show stock --sku it\t", "<stock><--sku><it's>"},
      {"show stock --sku \\`\t", "<stock><--sku><`id`>"},
      {"show stock --sku \\(\t", "<stock><--sku><(1)>"},
      {"show stock --sku \\<\t", "<stock><--sku><<2>>"},
      {"show stock --sku '{\t", "<stock><--sku><{a,b}>"},
      {"show stock --sku '?\t", "<stock><--sku><?>"},
      {"show stock --sku x\t", "<stock><--sku><x|y>"},
      {"show stock --sku '^\t", "<stock><--sku><^caret>"},
      {"show ship a@\t3", "<ship><a@b:c=3>"},
      {"show ship BOLT\\ \t7", "<ship><BOLT 12=7>"},
      {"show ship tab\t2", "<ship><tab&amp;=2>"},
      {"show ship \\#\t2", "<ship><#hash=2>"},
      {"show ship Ω=\t2", "<ship><Ω=weird=2>"},
      {"show ship -- -\t2", "<ship><--><-dash=2>"},
      {"show ship \\~\t2", "<ship><~home=2>"},
      {"show ship 볼\t2", "<ship><볼트=2>"},
      {"show --format js\tstock", "<--format><json><stock>"},
      {"show --format=js\tstock", "<--format=json><stock>"},
      {"show ship -wEA\tx", "<ship><-wEAST><x>"},
      {"show warehouse sh\tEA\t", "<warehouse><show><EAST>"},
      {"show stock -w EA\t--belo\t", "<stock><-w><EAST><--below-reorder>"},
      {"show --config plain.t\tstock", "<--config><plain.toml><stock>"},
      {"show --config=plain.t\tstock", "<--config=plain.toml><stock>"},
      {"show --db=sqlite:pl\tstock", "<--db=sqlite:plain.toml><stock>"},
      {"show nonsense \tx", "<nonsense><x>"},
  };
}

}  // namespace

TEST_CASE("bash puts in what is offered, quoted where it must be") {
  if (backend_name() != "sqlite" || !have_program("bash")) return;
  Database database;
  add_hostile_codes(database);
  database.dir().write("plain.toml", "");
  Terminal terminal({"bash", "--norc", "--noprofile", "-i"}, database.dir(),
                    {{"INVCTL_DB", database.url()}, {"PS1", "> "}});
  auto cases = keys_for_every_shell();
  // An open quotation is closed behind the =, where bash counts the word as complete.
  cases.push_back({"show ship \"BOLT \t7", "<ship><BOLT 12=7>"});
  cases.push_back({"show ship '[\t2", "<ship><[x]=2>"});
  cases.push_back({"show ship [\t2", "<ship><[x]=2>"});
  cases.push_back({"show stock > nowh\t; show x", "<x>"});
  type_all(terminal,
           "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; set +H; . " +
               quoted_for_shell(completions + "/invctl.bash") +
               "; show() { printf '<%s>' \"$@\"; echo END; }; complete -F _invctl show; echo; echo REA''DY",
           cases);
}

TEST_CASE("bash is offered several words, and none where there is no database") {
  if (backend_name() != "sqlite" || !have_program("bash")) return;
  Database database;
  database.must({"warehouse", "add", "EAST"});
  database.must({"warehouse", "add", "EAST-2"});
  const auto ask = [&](const std::string& url) {
    return run_script(
        "bash",
        ". " + quoted_for_shell(completions + "/invctl.bash") +
            "\nCOMP_WORDS=(invctl ship -w EA) COMP_CWORD=3 COMP_LINE='invctl ship -w EA'\n"
            "COMP_POINT=${#COMP_LINE}\n_invctl invctl EA -w\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n",
        database.dir(), {{"INVCTL_DB", url}});
  };
  const auto both = ask(database.url());
  INFO(both);
  CHECK(both.out == "EAST\nEAST-2\n");
  CHECK(both.err.empty());
  const auto none = ask("sqlite:" + database.dir().path("none.db"));
  CHECK(none.out == "\n");
  CHECK(none.err.empty());
}

TEST_CASE("zsh puts in what is offered, quoted where it must be") {
  if (backend_name() != "sqlite" || !have_program("zsh")) return;
  Database database;
  add_hostile_codes(database);
  database.dir().write("plain.toml", "");
  Terminal terminal({"zsh", "-f", "-i"}, database.dir(), {{"INVCTL_DB", database.url()}});
  auto cases = keys_for_every_shell();
  cases.push_back({"show ship \"BOLT \t7\"", "<ship><BOLT 12=7>"});
  type_all(terminal,
           "PS1='> '; unsetopt beep prompt_sp prompt_cr bang_hist; fpath=(" + quoted_for_shell(completions) +
               " $fpath); autoload -Uz compinit; compinit -u -D; show() { print -rn -- \"<${(j:><:)@}>\"; "
               "print END }; compdef _invctl show; print; print REA''DY",
           cases);
}

TEST_CASE("fish is offered words that it quotes where it must") {
  if (backend_name() != "sqlite" || !have_program("fish")) return;
  Database database;
  add_hostile_codes(database);
  database.dir().write("plain.toml", "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"invctl rece", "receive\ttake stock in\n"},
      {"invctl stock -w 서", "서울\\ 창고\n"},
      {"invctl stock -w \"서", "\"서울 창고\"\n"},
      {"invctl stock --warehouse=A:", "--warehouse=A:1\\ b\n"},
      {"invctl stock -wEA", "-wEAST\n"},
      {"invctl stock -w it", "it\\'s\\ \\$5\\ \\\"x\\\"\n"},
      {"invctl ship BOLT\\ ", "BOLT\\ 12=\n"},
      {"invctl ship tab", "tab\\&amp\\;=\n"},
      {"invctl ship '[", "'[x]=\n"},
      {"invctl ship -- -d", "-dash=\n"},
      {"invctl --format=js", "--format=json\n"},
      {"invctl stock --belo", "--below-reorder\tonly where less than the reorder point is available\n"},
      {"invctl --config=plain.t", "--config=plain.toml\n"},
      {"invctl --config plain.t", "plain.toml\n"},
      {"invctl --db nowhere.db stock -w ", ""},
  };
  for (const auto& [line, expected] : cases) {
    const auto result =
        run_script("fish --no-config",
                   "source " + quoted_for_shell(completions + "/invctl.fish") + "\ncomplete --escape -C " +
                       [&] {
                         std::string word;
                         for (const char c : line) {
                           if (c == '\'' || c == '\\') word += '\\';
                           word += c;
                         }
                         return "'" + word + "'";
                       }() +
                       "\n",
                   database.dir(), {{"INVCTL_DB", database.url()}});
    INFO(line);
    CHECK(result.out == expected);
    CHECK(result.err.empty());
  }
}

}  // namespace completions_shell_test
