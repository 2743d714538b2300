// What tls= says is what happens: against servers with and without TLS, the right and the wrong authority,
// the right and the wrong host name.
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "server/mysql_server.hpp"

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

Error error_of(const std::string& url) {
  try {
    db::open_connection(url);
  } catch (const Error& error) {
    return error;
  }
  return Error(Exit::ok, "it connected");
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

  const auto wrong = error_of(url + "?tls=verify&ca=" + certificates.file("other-ca.pem"));
  CHECK(wrong.exit == Exit::unavailable);
  CHECK(wrong.code == "tls_failed");
}

TEST_CASE("tls=verify refuses a certificate of the right authority for another host", "[mysql]") {
  const Certificates certificates;
  const auto server = MysqlServer::start(certificates.server_options("wrong"));
  const auto name = server->make_database();
  const auto url = server->tcp_url(name, operator_user);
  CHECK(is_encrypted(url + "?tls=require"));
  const auto error = error_of(url + "?tls=verify&ca=" + certificates.file("ca.pem"));
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
    const auto error = error_of(url + parameters);
    CHECK(error.exit == Exit::unavailable);
    CHECK((error.code == "tls_missing" || error.code == "tls_failed"));
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
  const auto refused = error_of(over_network);
  CHECK(refused.exit == Exit::usage);
  CHECK(refused.hint.find("tls=off") != std::string::npos);
  CHECK_FALSE(is_encrypted(over_network + "?tls=off"));
}
