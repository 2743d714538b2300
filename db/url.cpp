#include "url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace invctl::db {

namespace {

constexpr std::array<std::string_view, 5> parameter_names = {"socket", "tls", "ca", "password-file",
                                                             "defaults-file"};

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
  throw Error(Exit::usage, fmt::format("{}: {}", text::printable(redact_url(url)), why),
              "write sqlite:FILE or mysql://user@host/database");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode_percent(std::string_view url, std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    const int high = i + 2 < s.size() ? hex_digit(s[i + 1]) : -1;
    const int low = i + 2 < s.size() ? hex_digit(s[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0))
      refuse(url, "a % must be followed by two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Host parse_host(std::string_view url, std::string_view s) {
  Host host;
  std::string_view port;
  if (s.starts_with('[')) {  // an IPv6 address
    const auto end = s.find(']');
    if (end == std::string_view::npos) refuse(url, "a [ in the host has no ]");
    host.name = std::string(s.substr(1, end - 1));
    if (end + 1 < s.size() && s[end + 1] != ':') refuse(url, "after ] only :port may follow");
    port = end + 1 < s.size() ? s.substr(end + 2) : std::string_view();
    if (end + 1 < s.size() && port.empty()) refuse(url, "the port is empty");
  } else {
    const auto colon = s.find(':');
    host.name = decode_percent(url, s.substr(0, colon));
    if (colon != std::string_view::npos) {
      port = s.substr(colon + 1);
      if (port.empty()) refuse(url, "the port is empty");
    }
  }
  if (host.name.empty()) refuse(url, "a host is empty");
  if (!port.empty()) {
    const auto result = std::from_chars(port.data(), port.data() + port.size(), host.port);
    if (result.ec != std::errc() || result.ptr != port.data() + port.size() || host.port == 0) {
      // Not shown: it may be a password whose '@' was forgotten.
      refuse(url, "behind the : of a host stands a port, a number from 1 to 65535");
    }
  }
  return host;
}

void parse_parameter(std::string_view url, std::string_view parameter, Url& out) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos) refuse(url, fmt::format("{} has no value", text::quoted(parameter)));
  const auto name = parameter.substr(0, equals);
  const auto value = decode_percent(url, parameter.substr(equals + 1));
  if (name == "socket") {
    out.socket = value;
  } else if (name == "tls") {
    if (value == "off") {
      out.tls = Url::Tls::off;
    } else if (value == "require") {
      out.tls = Url::Tls::require;
    } else if (value == "verify") {
      out.tls = Url::Tls::verify;
    } else {
      refuse(url, fmt::format("tls={} is not off, require or verify", text::printable(value)));
    }
  } else if (name == "ca") {
    out.ca_file = value;
  } else if (name == "password-file") {
    out.password_file = value;
  } else if (name == "defaults-file") {
    out.defaults_file = value;
  } else {
    if (name == "password" || name == "passwd" || name == "pwd") {
      refuse(url,
             "a password is no parameter: it comes from INVCTL_DB_PASSWORD, password-file=FILE or "
             "defaults-file=FILE");
    }
    const auto near =
        text::closest(name, std::vector<std::string>(parameter_names.begin(), parameter_names.end()));
    refuse(url, fmt::format("{} is not a parameter{}", text::quoted(name),
                            near.empty() ? std::string() : ", did you mean " + near));
  }
}

Url parse_mysql(std::string_view url, std::string_view rest) {
  Url out;
  out.engine = Url::Engine::mysql;
  const auto question = rest.find('?');
  const auto parameters = question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  rest = rest.substr(0, question);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size())
    refuse(url, "the database's name is missing");
  out.database = decode_percent(url, rest.substr(slash + 1));
  auto authority = rest.substr(0, slash);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto login = authority.substr(0, at);
    const auto colon = login.find(':');
    out.user = decode_percent(url, login.substr(0, colon));
    if (colon != std::string_view::npos) out.password = decode_percent(url, login.substr(colon + 1));
    authority = authority.substr(at + 1);
  }
  if (!authority.empty()) {
    for (const auto host : text::split(authority, ',')) out.hosts.push_back(parse_host(url, host));
  }
  if (!parameters.empty()) {
    for (const auto parameter : text::split(parameters, '&')) parse_parameter(url, parameter, out);
  }
  if (!out.socket.empty() && !out.hosts.empty()) refuse(url, "give hosts or a socket, not both");
  if (out.tls == Url::Tls::verify && out.ca_file.empty()) {
    refuse(url, "tls=verify needs ca=FILE, the certificate authority to trust");
  }
  if (out.socket.empty() && out.hosts.empty() && out.defaults_file.empty())
    out.hosts.push_back({"localhost"});
  return out;
}

}  // namespace

Url parse_url(std::string_view url) {
  if (url.empty()) throw Error(Exit::usage, "the database's address is empty");
  if (url.find('\0') != std::string_view::npos) refuse(url, "an address holds no NUL");
  for (const std::string_view scheme : {"mysql://", "mariadb://"}) {
    if (url.starts_with(scheme)) return parse_mysql(url, url.substr(scheme.size()));
  }
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    refuse(url, fmt::format("{} is not a kind of database", text::quoted(url.substr(0, scheme))));
  }
  for (const std::string_view scheme : {"mysql:", "mariadb:"}) {
    if (url.starts_with(scheme)) refuse(url, fmt::format("the address of a server begins with {}//", scheme));
  }
  Url out;
  out.path = std::string(url.starts_with("sqlite:") ? url.substr(7) : url);
  if (out.path.empty()) refuse(url, "the file's name is missing");
  return out;
}

namespace {

bool names_a_server(std::string_view url) {
  const auto scheme = url.substr(0, url.find(':'));
  return scheme != url && (scheme == "mysql" || scheme == "mariadb");
}

// The values of parameters that no address has may be a password that somebody hoped for.
std::string redact_parameters(std::string_view parameters) {
  std::string shown;
  for (const auto parameter : text::split(parameters, '&')) {
    if (!shown.empty()) shown += '&';
    const auto equals = parameter.find('=');
    const auto name = parameter.substr(0, equals);
    const bool known =
        std::find(parameter_names.begin(), parameter_names.end(), name) != parameter_names.end();
    shown += known || equals == std::string_view::npos ? std::string(parameter) : std::string(name) + "=***";
  }
  return shown;
}

}  // namespace

std::string redact_url(std::string_view url) {
  if (!names_a_server(url) && url.find("://") == std::string_view::npos) return std::string(url);
  // Behind the scheme. A ':' there is one before a password without a user.
  const auto from = url.find_first_not_of('/', url.find(':') + 1);
  if (from == std::string_view::npos) return std::string(url);
  std::string shown(url.substr(0, from));
  auto rest = url.substr(from);
  // A password may itself hold '/', '?' or '@' when somebody forgot to escape it: cut generously.
  const auto at = rest.rfind('@');
  const auto login = rest.substr(0, at == std::string_view::npos ? 0 : at);
  if (const auto colon = login.find(':'); colon != std::string_view::npos) {
    shown += std::string(login.substr(0, colon)) + ":***";
    rest = rest.substr(at);
  }
  const auto question = rest.find('?');
  auto place = std::string(rest.substr(0, question));
  if (at == std::string_view::npos && !place.starts_with('[')) {
    // Without '@' what stands behind a ':' should be a port.
    for (auto colon = place.find(':'); colon != std::string::npos; colon = place.find(':', colon + 1)) {
      const auto end = std::min(place.find_first_of("/,:", colon + 1), place.size());
      const bool port = place.find_first_not_of("0123456789", colon + 1) >= end;
      if (!port) place.replace(colon + 1, end - colon - 1, "***");
    }
  }
  shown += place;
  if (question != std::string_view::npos) shown += "?" + redact_parameters(rest.substr(question + 1));
  return shown;
}

}  // namespace invctl::db
