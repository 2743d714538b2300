// The layers of ARCHITECTURE.md, checked on the text of the sources: what must not be included, said or
// called where. Each rule is shown to fail on a crafted sample, so that it cannot have fallen asleep.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace layers_test {

#ifndef PROJECT_DIR
#error "PROJECT_DIR names the root of the sources"
#endif

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string name;  // from the root, such as src/core/text.cpp
  std::string text;
};

// The text without comments; string literals stay, line breaks too.
std::string without_comments(const std::string& text) {
  std::string out;
  enum { code, line_comment, block_comment, string, character } in = code;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (in == line_comment) {
      if (c == '\n') in = code;
    } else if (in == block_comment) {
      if (c == '*' && next == '/') {
        in = code;
        ++i;
        continue;
      }
    } else if (in == string || in == character) {
      if (c == '\\') {
        out += c;
        out += next;
        ++i;
        continue;
      }
      if (c == (in == string ? '"' : '\'')) in = code;
    } else if (c == '/' && (next == '/' || next == '*')) {
      in = next == '/' ? line_comment : block_comment;
      ++i;
      continue;
    } else if (c == '"') {
      in = string;
    } else if (c == '\'' && (out.empty() || std::isalnum(static_cast<unsigned char>(out.back())) == 0)) {
      in = character;  // and not the separator in 1'000
    }
    if ((in != line_comment && in != block_comment) || c == '\n') out += c;
  }
  return out;
}

// All string literals, one per line; neighbours are joined as the compiler joins them.
std::string string_literals(const std::string& text) {
  static const std::regex between_literals("\"\\s*\n?\\s*\"");
  static const std::regex literal("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
  const auto joined = std::regex_replace(without_comments(text), between_literals, "");
  std::string out;
  for (std::sregex_iterator at(joined.begin(), joined.end(), literal), end; at != end; ++at) {
    out += (*at)[1].str() + "\n";
  }
  return out;
}

std::vector<std::string> included(const std::string& text) {
  static const std::regex include("#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  std::vector<std::string> names;
  const auto code = without_comments(text);
  for (std::sregex_iterator at(code.begin(), code.end(), include), end; at != end; ++at) {
    names.push_back((*at)[1].str());
  }
  return names;
}

// Every breach of the layers, as "file: what".
std::vector<std::string> breaches(const std::vector<Source>& sources) {
  static const std::regex driver("^(SQLiteCpp|sqlite3|cppconn|mysql|mariadb|jdbc|mysqlx)([./_].*)?$",
                                 std::regex::icase);
  static const std::regex command_line("^CLI(11)?[./].*$");
  static const std::regex sql(
      "\\b(SELECT\\b[^]*\\bFROM|INSERT\\s+(OR\\s+\\w+\\s+)?INTO|REPLACE\\s+INTO|UPDATE\\s+\\S+\\s+SET|"
      "DELETE\\s+FROM|"
      "CREATE\\s+(TABLE|INDEX|TRIGGER|UNIQUE)|ALTER\\s+TABLE|DROP\\s+TABLE|BEGIN\\s+IMMEDIATE|FOR\\s+UPDATE|"
      "PRAGMA\\s+\\w+)\\b");
  static const std::regex driver_transaction("->\\s*(commit|rollback|setAutoCommit)\\s*\\(");
  // In sql_store.cpp this is the seam's own connection, whose commit() runs COMMIT as a statement and sees
  // its error.
  static const std::regex own_connection("\\bconnection_\\s*->\\s*(commit|rollback)\\s*\\(");

  std::vector<std::string> found;
  for (const auto& source : sources) {
    const auto in = [&](const char* layer) { return source.name.starts_with(layer); };
    const auto breach = [&](const std::string& what) { found.push_back(source.name + ": " + what); };
    for (const auto& name : included(source.text)) {
      const bool header_of_db = name.starts_with("db/") || name.find("../db") != std::string::npos;
      const bool header_of_cmd = name.starts_with("cmd/") || name.find("../cmd") != std::string::npos;
      if (in("src/") && (std::regex_match(name, driver) || header_of_db)) breach("includes " + name);
      if ((in("src/") || in("db/")) && (std::regex_match(name, command_line) || header_of_cmd)) {
        breach("includes " + name);
      }
      if (in("cmd/") && std::regex_match(name, driver)) breach("includes " + name);
    }
    std::smatch statement;
    const auto literals = string_literals(source.text);
    if (!in("db/") && std::regex_search(literals, statement, sql))
      breach("says " + statement.str().substr(0, 40));
    if (in("db/")) {
      auto code = without_comments(source.text);
      if (source.name == "db/sql_store.cpp") code = std::regex_replace(code, own_connection, "");
      if (std::regex_search(code, statement, driver_transaction)) breach("calls " + statement.str());
    }
  }
  return found;
}

std::vector<Source> read_sources() {
  const fs::path root = PROJECT_DIR;
  std::vector<Source> sources;
  for (const char* layer : {"src", "db", "cmd"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / layer)) {
      const auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      std::ifstream file(entry.path());
      std::stringstream text;
      text << file.rdbuf();
      sources.push_back({fs::relative(entry.path(), root).string(), text.str()});
    }
  }
  return sources;
}

std::string listed(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

std::size_t headers_of_db_that_src_could_include(const std::vector<Source>& sources) {
  // src/ is compiled without -Idb; a header of db/ could only come in under a name that src/ lacks.
  std::size_t found = 0;
  for (const auto& source : sources) {
    if (!source.name.starts_with("src/")) continue;
    for (const auto& name : included(source.text)) {
      const bool ours =
          fs::exists(fs::path(PROJECT_DIR) / "db" / name) || fs::exists(fs::path(PROJECT_DIR) / "cmd" / name);
      if (ours && !fs::exists(fs::path(PROJECT_DIR) / "src" / name)) ++found;
    }
  }
  return found;
}

}  // namespace

TEST_CASE("no layer knows of one above it, SQL and drivers stay in db, and COMMIT is a statement") {
  const auto sources = read_sources();
  REQUIRE(sources.size() > 40);
  CHECK(listed(breaches(sources)) == "");
  CHECK(headers_of_db_that_src_could_include(sources) == 0);
}

TEST_CASE("the check of the layers sees each breach") {
  const std::vector<Source> bad{
      {"src/a.cpp", "#include <CLI/CLI.hpp>\n"},
      {"src/b.cpp", "#include <SQLiteCpp/SQLiteCpp.h>\n"},
      {"src/c.cpp", "#include <sqlite3.h>\n"},
      {"src/d.cpp", "#include <cppconn/driver.h>\n"},
      {"src/e.cpp", "#  include \"mysql_connection.h\"\n"},
      {"src/f.cpp", "#include \"db/sql_store.hpp\"\n"},
      {"src/g.hpp", "#include \"../../db/connection.hpp\"\n"},
      {"src/h.cpp", "auto s = \"SELECT id, name FROM product\";\n"},
      {"src/i.cpp", "auto s = \"SELECT id, \"\n    \"name \"\n    \"FROM product\";\n"},
      {"src/j.cpp", "run(\"INSERT INTO x VALUES (1)\");\n"},
      {"src/k.cpp", "run(\"UPDATE inventory SET on_hand = 0\");\n"},
      {"src/l.cpp", "run(\"DELETE FROM x\"); // it's fine\n"},
      {"src/m.cpp", "run(\"CREATE TABLE x (y)\");\n"},
      {"cmd/n.cpp", "run(\"PRAGMA synchronous = OFF\");\n"},
      {"cmd/o.cpp", "#include <cppconn/connection.h>\n"},
      {"db/p.cpp", "#include <CLI/App.hpp>\n"},
      {"db/q.cpp", "session_->commit();\n"},
      {"db/r.cpp", "session_ ->  setAutoCommit (false);\n"},
      {"db/s.cpp", "char quote = '\"';\nplain->rollback();\n"},
      {"db/t.cpp", "#include \"../cmd/context.hpp\"\n"},
      {"db/sql_store.cpp", "connection_->setAutoCommit(true);\n"},
      {"db/mysql_connection.cpp", "connection_->commit();\n"},
  };
  for (const auto& source : bad) {
    INFO(source.name << ": " << source.text);
    CHECK(breaches({source}).size() == 1);
  }
}

TEST_CASE("the check of the layers does not cry wolf") {
  const std::vector<Source> good{
      {"src/a.cpp",
       "// SELECT a FROM b; #include <CLI/CLI.hpp>\n/* #include <sqlite3.h>\n conn->commit() */\n"},
      {"src/b.cpp", "throw Error(\"select one from the list, then update it and set more\");\n"},
      {"src/c.cpp",
       "#include \"core/text.hpp\"\n#include <fmt/format.h>\nint n = 1'000; // 'SELECT x FROM y'\n"},
      {"src/d.cpp", "store.commit(); store_.rollback(); posting->post();\n"},
      {"db/sql_store.cpp",
       "run(\"SELECT id FROM product\"); connection_->commit(); connection_ -> rollback();\n"},
      {"db/f.cpp", "// never conn->commit(): it swallows errors\nexecute(\"COMMIT\");\n"},
      {"cmd/g.cpp", "#include <CLI/CLI.hpp>\nauto s = \"say \\\"SELECT\\\" for a choice\";\n"},
      {"cmd/h.cpp", "char c = '\\''; store->commit();\n"},
  };
  for (const auto& source : good) CHECK(listed(breaches({source})) == "");
}

}  // namespace layers_test
