// Database addresses: what is understood can be written out and is understood the same; a password never
// shows, neither in the redacted text nor in what an error says.
#include <fmt/format.h>

#include "core/text.hpp"
#include "fuzz.hpp"
#include "url.hpp"

namespace invctl::fuzz {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string written(const db::Url& url) {
  // `sqlite://` looks like the address of a server, and is none.
  if (url.engine == db::Url::Engine::sqlite) return (url.path.starts_with("//") ? "" : "sqlite:") + url.path;
  std::string out = "mysql://" + escaped(url.user);
  if (url.password) out += ":" + escaped(*url.password);
  if (!url.user.empty() || url.password) out += "@";
  std::vector<std::string> hosts;
  for (const auto& host : url.hosts) {
    hosts.push_back(fmt::format("{}:{}", escaped(host.name), host.port));
  }
  out += text::join(hosts, ",") + "/" + escaped(url.database);
  std::vector<std::string> parameters;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters.push_back(fmt::format("{}={}", name, escaped(value)));
  };
  static constexpr const char* tls[] = {"", "off", "require", "verify"};
  add("tls", tls[static_cast<int>(url.tls)]);
  add("socket", url.socket);
  add("ca", url.ca_file);
  add("password-file", url.password_file);
  add("defaults-file", url.defaults_file);
  return parameters.empty() ? out : out + "?" + text::join(parameters, "&");
}

std::string all_of(const db::Url& url) {
  std::string all = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", static_cast<int>(url.engine), url.path, url.user,
                                url.password.value_or("(none)"), url.socket, url.database);
  for (const auto& host : url.hosts) all += fmt::format("{} {}\n", host.name, host.port);
  return all + fmt::format("{}\n{}\n{}\n{}\n", static_cast<int>(url.tls), url.ca_file, url.password_file,
                           url.defaults_file);
}

std::optional<db::Url> parsed(std::string_view text) {
  try {
    return db::parse_url(text);
  } catch (const Error& error) {
    require(error.exit == Exit::usage, "an address that is not understood is a slip of the user's");
    require_safe(error);
    return std::nullopt;
  }
}

// A password that nobody would find by chance in the rest of the address, put where the user's goes.
void check_secret(std::string_view input) {
  constexpr std::string_view secret = "hunter2-hunter2";
  if (input.find(secret.substr(0, 4)) != std::string_view::npos) return;
  const auto url = fmt::format("mysql://u:{}@{}", secret, input);
  require(db::redact_url(url).find(secret) == std::string::npos, "a redacted address has no password", url);
  try {
    db::parse_url(url);
  } catch (const Error& error) {
    for (const auto& said : {error.message, error.hint})
      require(said.find(secret) == std::string::npos, "an error tells no password", said);
  }
}

void check_url(std::string_view input) {
  check_secret(input);
  const auto redacted = db::redact_url(input);
  require(db::redact_url(redacted) == redacted, "redacting twice is redacting once", redacted);
  const auto url = parsed(input);
  if (!url) return;
  require(url->engine == db::Url::Engine::sqlite ? !url->path.empty() : !url->database.empty(),
          "an address leads somewhere");
  const auto again = parsed(written(*url));
  require(again && all_of(*again) == all_of(*url), "what is written out is understood the same",
          written(*url) + "\n" + all_of(*url));
  if (!url->password || url->password->empty()) return;
  const auto shown = parsed(redacted);
  require(!shown || shown->password == "***", "a redacted address has no password", redacted);
}

[[maybe_unused]] const bool added = add_target("url", check_url);

}  // namespace
}  // namespace invctl::fuzz
