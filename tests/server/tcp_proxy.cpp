#include "server/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace invctl::test {

namespace {

constexpr int quiet_ms = 100;  // after which an answer is taken for complete
constexpr int tick_ms = 10;    // how soon a relay notices that the proxy ends
constexpr std::size_t header = 4;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int connect_to(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// Appends what has come; false at the end of the stream.
bool read_some(int fd, std::string& into) {
  char buffer[65536];
  const auto n = recv(fd, buffer, sizeof buffer, 0);
  if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
  return n > 0;
}

std::size_t packet_size(std::string_view bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  return bytes.size() < header ? 0 : header + (byte(0) | byte(1) << 8 | byte(2) << 16);
}

}  // namespace

bool ClientPacket::is_text() const {
  constexpr char query = 3;  // COM_QUERY
  return !payload.empty() && payload[0] == query;
}

std::string cut_name(Cut cut) {
  switch (cut) {
    case Cut::before:
      return "before";
    case Cut::within:
      return "within";
    case Cut::after:
      return "after";
    case Cut::answer_lost:
      return "answer lost";
    case Cut::answer_within:
      return "within the answer";
    case Cut::mute:
      return "mute";
  }
  return "";
}

// One connection of a client and the one to the server that belongs to it.
class TcpProxy::Relay {
 public:
  Relay(TcpProxy& proxy, int client) : proxy_(proxy), client_(client) {}
  ~Relay() {
    close(client_);
    if (server_ >= 0) close(server_);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void run() {
    if (!pass({0, {}}, {})) return;
    server_ = connect_to(proxy_.server_socket_);
    if (server_ < 0) return;
    while (!proxy_.stop_) {
      pollfd fds[] = {{client_, POLLIN, 0}, {server_, POLLIN, 0}};
      if (poll(fds, 2, tick_ms) < 0) return;
      if (fds[1].revents != 0 && !from_server()) return;
      if (fds[0].revents != 0 && !from_client()) return;
    }
  }

 private:
  bool from_server() {
    std::string bytes;
    if (!read_some(server_, bytes)) return false;
    if (!answer_) return pass_answer(bytes);
    if (*answer_ == Cut::mute) return true;  // swallowed, and so is all that follows
    if (*answer_ == Cut::answer_within) write_all(client_, std::string_view(bytes).substr(0, 3));
    // Statements that were sent together are answered one by one, and the server stops at the first that it
    // cannot tell of: so it may tell of all.
    let_finish(bytes);
    return false;
  }

  void let_finish(std::string& bytes) const {
    for (pollfd rest{server_, POLLIN, 0}; poll(&rest, 1, quiet_ms) > 0 && read_some(server_, bytes);) {
    }
  }

  bool pass_answer(std::string& bytes) {
    const auto before = answered_;
    answered_ += bytes.size();
    const auto cut = proxy_.cuts_bytes(true, before, bytes.size());
    if (!cut) return write_all(client_, bytes);
    write_all(client_, std::string_view(bytes).substr(0, cut->at - before));
    if (cut->lets_finish) let_finish(bytes);
    return false;
  }

  bool forward(std::string_view bytes) {
    if (bytes.empty()) return true;
    const auto before = asked_;
    asked_ += bytes.size();
    const auto cut = proxy_.cuts_bytes(false, before, bytes.size());
    if (!cut) return write_all(server_, bytes);
    write_all(server_, bytes.substr(0, cut->at - before));
    std::string rest;
    if (cut->lets_finish) let_finish(rest);
    return false;
  }

  bool from_client() {
    if (!read_some(client_, pending_)) return false;
    for (auto size = packet_size(pending_); size > 0 && pending_.size() >= size;
         size = packet_size(pending_)) {
      const auto packet = pending_.substr(0, size);
      pending_.erase(0, size);
      proxy_.packets_ = ++number_;
      if (!pass({number_, std::string_view(packet).substr(header)}, packet)) return false;
    }
    return true;
  }

  // Sends a packet on its way as far as the fault lets it. False: the connection ends.
  bool pass(const ClientPacket& packet, std::string_view bytes) {
    const auto fault = proxy_.strikes(packet);
    if (!fault) return forward(bytes);
    if (fault->delay.count() > 0) {
      std::this_thread::sleep_for(fault->delay);
      return forward(bytes);
    }
    switch (fault->cut) {
      case Cut::before:
        return false;
      case Cut::within:
        forward(bytes.substr(0, bytes.size() / 2));
        return false;
      case Cut::after:
        forward(bytes);
        return false;
      case Cut::answer_lost:
      case Cut::answer_within:
      case Cut::mute:
        answer_ = fault->cut;
        return forward(bytes);
    }
    return false;
  }

  TcpProxy& proxy_;
  int client_;
  int server_ = -1;
  int number_ = 0;
  std::size_t asked_ = 0, answered_ = 0;  // bytes so far
  std::string pending_;                   // of the client: the beginning of a packet
  std::optional<Cut> answer_;             // what becomes of all that the server says from now on
};

TcpProxy::TcpProxy(std::string server_socket) : server_socket_(std::move(server_socket)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    fail("no port for the proxy");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  acceptor_.join();
  for (auto& relay : relays_) relay.join();
  close(listener_);
}

void TcpProxy::accept_all() {
  while (!stop_) {
    pollfd listening{listener_, POLLIN, 0};
    if (poll(&listening, 1, tick_ms) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    relays_.emplace_back([this, client] { Relay(*this, client).run(); });
  }
}

void TcpProxy::set_fault(std::optional<Fault> fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = std::move(fault);
  byte_cut_.reset();
  start_counting();
}

void TcpProxy::set_byte_cut(std::optional<ByteCut> cut) {
  const std::scoped_lock lock(mutex_);
  byte_cut_ = cut;
  fault_.reset();
  start_counting();
}

void TcpProxy::start_counting() {
  cuts_ = 0;
  connections_ = 0;
  most_answered_ = 0;
  most_asked_ = 0;
}

std::optional<ByteCut> TcpProxy::cuts_bytes(bool answer, std::size_t before, std::size_t size) {
  const std::scoped_lock lock(mutex_);
  auto& most = answer ? most_answered_ : most_asked_;
  most = std::max(most.load(), before + size);
  if (!byte_cut_ || byte_cut_->answer != answer || cuts_ >= byte_cut_->times) return std::nullopt;
  if (byte_cut_->at < before || byte_cut_->at >= before + size) return std::nullopt;
  ++cuts_;
  return byte_cut_;
}

std::optional<Fault> TcpProxy::strikes(const ClientPacket& packet) {
  const std::scoped_lock lock(mutex_);
  if (!fault_ || cuts_ >= fault_->times || !fault_->at(packet)) return std::nullopt;
  ++cuts_;
  return fault_;
}

}  // namespace invctl::test
