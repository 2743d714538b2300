// What tls= says is what happens: against servers with and without TLS, the right and the wrong authority,
// the right and the wrong host name.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

#include "fixture.hpp"
#include "server/mysql_server.hpp"

namespace mysql_tls_test {

using namespace invctl;
using namespace invctl::test;

namespace {

// Two authorities; certificates of the first for 127.0.0.1 and for another host.
class Certificates {
 public:
  Certificates() : path_((std::filesystem::temp_directory_path() / "invctl-tls-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary directory");
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
    for (const std::string authority : {"ca", "other-ca"}) {
      openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + authority + " -keyout " + authority +
              ".key -out " + authority + ".pem");
    }
    sign("right", "127.0.0.1", "IP:127.0.0.1,DNS:localhost");
    sign("wrong", "elsewhere.example", "DNS:elsewhere.example");
  }
  ~Certificates() { std::filesystem::remove_all(path_); }

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::vector<std::string> server_options(const std::string& name) const {
    return {"--ssl-ca=" + file("ca.pem"), "--ssl-cert=" + file(name + ".pem"),
            "--ssl-key=" + file(name + ".key")};
  }

 private:
  void sign(const std::string& name, const std::string& common_name, const std::string& alternatives) const {
    std::ofstream(file(name + ".ext")) << "subjectAltName=" << alternatives << "\n";
    openssl("req -newkey rsa:2048 -nodes -subj /CN=" + common_name + " -keyout " + name + ".key -out " +
            name + ".csr");
    openssl("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " +
            name + ".ext -out " + name + ".pem");
    // The server runs as another user than the test where that is root.
    std::filesystem::permissions(file(name + ".key"), std::filesystem::perms(0644));
  }
  void openssl(const std::string& arguments) const {
    const auto command = "cd " + path_ + " && openssl " + arguments + " >>log 2>&1";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl failed: " + arguments);
  }

  std::string path_;
};

Error refusal_of(const std::string& url) {
  return error_of([&] { db::open_connection(url); });
}

bool is_encrypted(const std::string& url) {
  const auto connection = db::open_connection(url);
  db::Query query(*connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'");
  return query.next() && !query.text(1).empty();
}

// An address of this machine that is not a loopback one.
std::optional<std::string> outer_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return std::nullopt;
  std::optional<std::string> found;
  for (const auto* one = all; one != nullptr; one = one->ifa_next) {
    char text[NI_MAXHOST];
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    if (getnameinfo(one->ifa_addr, sizeof(sockaddr_in), text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::string_view(text).substr(0, 4) != "127.") found = text;
  }
  freeifaddrs(all);
  return found;
}

// Who answers in the place of a server: offers no TLS and asks for the password in clear. Takes one
// connection.
class ListeningStranger {
 public:
  ListeningStranger() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 1) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
    answers_ = std::thread([this] { answer(); });
  }
  ~ListeningStranger() { stop(); }
  ListeningStranger(const ListeningStranger&) = delete;
  ListeningStranger& operator=(const ListeningStranger&) = delete;

  std::string url() const { return "mysql://clerk@127.0.0.1:" + std::to_string(port_) + "/shop"; }
  // All that the client said until it went away.
  std::string heard() {
    stop();
    return heard_;
  }

 private:
  void stop() {
    if (!answers_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);  // where nobody came
    answers_.join();
    close(listener_);
  }
  static std::string packet(char number, std::string_view payload) {
    return std::string{static_cast<char>(payload.size()), '\0', '\0', number}.append(payload);
  }
  void answer() {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    constexpr timeval patience{.tv_sec = 5, .tv_usec = 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    using namespace std::string_view_literals;
    // Protocol 10, version, connection 7, half of a salt; then what it can (0x81bff7df, of which the bit
    // 0x0800 for TLS is not set), utf8mb4, its state, the other half of the salt, and how it would like to be
    // told the password.
    say(client, packet(0,
                       "\x0a"
                       "10.11.6-MariaDB\0"
                       "\7\0\0\0"
                       "saltsalt\0"
                       "\xdf\xf7\x2d\2\0\xbf\x81\x15"
                       "\0\0\0\0\0\0\0\0\0\0"
                       "saltsaltsalt\0"
                       "mysql_native_password\0"sv));
    if (hear(client)) {
      say(client, packet(static_cast<char>(heard_[3] + 1),
                         "\xfe"
                         "mysql_clear_password\0"sv));
      while (hear(client)) {
      }
    }
    close(client);
  }
  static void say(int client, const std::string& bytes) {
    if (send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return;
  }
  bool hear(int client) {
    char bytes[4096];
    const auto got = recv(client, bytes, sizeof bytes, 0);
    if (got > 0) heard_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  int listener_;
  int port_ = 0;
  std::string heard_;
  std::thread answers_;
};

}  // namespace

TEST_CASE("tls=require and tls=verify encrypt, and verify checks the authority and the host", "[mysql]") {
  const Certificates certificates;
  const auto server = MysqlServer::start(certificates.server_options("right"));
  const auto name = server->make_database();
  const auto url = server->tcp_url(name, operator_user);
  CHECK_FALSE(is_encrypted(url));
  CHECK_FALSE(is_encrypted(url + "?tls=off"));
  CHECK(is_encrypted(url + "?tls=require"));
  const auto verify = "?tls=verify&ca=" + certificates.file("ca.pem");
  CHECK(is_encrypted(url + verify));
  CHECK(is_encrypted(server->tcp_url(name, operator_user, "localhost") + verify));

  const auto wrong = refusal_of(url + "?tls=verify&ca=" + certificates.file("other-ca.pem"));
  CHECK(wrong.exit == Exit::unavailable);
  CHECK(wrong.code == "tls_failed");
}

TEST_CASE("tls=verify refuses a certificate of the right authority for another host", "[mysql]") {
  const Certificates certificates;
  const auto server = MysqlServer::start(certificates.server_options("wrong"));
  const auto name = server->make_database();
  const auto url = server->tcp_url(name, operator_user);
  CHECK(is_encrypted(url + "?tls=require"));
  const auto error = refusal_of(url + "?tls=verify&ca=" + certificates.file("ca.pem"));
  CHECK(error.exit == Exit::unavailable);
  CHECK(error.code == "tls_failed");
}

TEST_CASE("a server without TLS is refused where encryption is asked for or the way goes over a network",
          "[mysql]") {
  const Certificates certificates;
  const auto server = MysqlServer::start({"--bind-address=0.0.0.0", "--skip-ssl"});
  const auto name = server->make_database();
  const auto url = server->tcp_url(name, operator_user);
  CHECK_FALSE(is_encrypted(url));
  for (const auto& parameters :
       {std::string("?tls=require"), "?tls=verify&ca=" + certificates.file("ca.pem")}) {
    const auto error = refusal_of(url + parameters);
    CHECK(error.exit == Exit::unavailable);
    CHECK(error.code == "tls_missing");
  }
  const auto outer = outer_address();
  if (!outer) {
    WARN("this machine has no address but loopback ones: the way over a network is not tested");
    return;
  }
  const auto account = std::string(operator_user) + "@'" + *outer + "'";
  server->execute("CREATE USER " + account);
  server->execute("GRANT SELECT ON " + name + ".* TO " + account);
  const auto over_network = server->tcp_url(name, operator_user, *outer);
  const auto refused = refusal_of(over_network);
  CHECK(refused.exit == Exit::usage);
  CHECK(refused.hint.find("tls=off") != std::string::npos);
  CHECK_FALSE(is_encrypted(over_network + "?tls=off"));
}

TEST_CASE("where encryption is asked for, a server without it hears nothing, least of all the password",
          "[mysql]") {
  setenv("INVCTL_DB_PASSWORD", "never-in-clear", 1);
  ListeningStranger stranger;
  const auto error = refusal_of(stranger.url() + "?tls=require");
  unsetenv("INVCTL_DB_PASSWORD");
  CHECK(error.exit == Exit::unavailable);
  CHECK(error.code == "tls_missing");
  CHECK(stranger.heard().empty());
}

TEST_CASE("control: without encryption asked for, that server is told who comes", "[mysql]") {
  setenv("INVCTL_DB_PASSWORD", "never-in-clear", 1);
  ListeningStranger stranger;
  CHECK(refusal_of(stranger.url() + "?tls=off").exit != Exit::ok);
  unsetenv("INVCTL_DB_PASSWORD");
  CHECK(stranger.heard().find("clerk") != std::string::npos);
}

}  // namespace mysql_tls_test
