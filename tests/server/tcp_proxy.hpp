// A TCP proxy on loopback in front of a MySQL or MariaDB server's socket, which breaks connections at chosen
// packets of the client, or at chosen bytes of one. It understands of the protocol no more than where a
// packet ends (three bytes of length, one of sequence) and which command it is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace invctl::test {

// A packet that the client sends. The first of a connection is its login, and number 0 stands for the moment
// before it: the connection is accepted, and the server has not said anything yet.
struct ClientPacket {
  int number = 0;            // 1, 2, ... within the connection
  std::string_view payload;  // its command and what follows
  bool is_text() const;      // whether it is SQL as text
};

enum class Cut {
  before,         // the packet never reaches the server, and both sides are closed
  within,         // the server gets its first half
  after,          // the server gets it, and both sides are closed at once
  answer_lost,    // the server gets it and answers; the client sees nothing of the answer
  answer_within,  // the client gets the first bytes of the answer
  mute,  // the server gets it and answers; the client sees nothing, and no end of the connection either
};
std::string cut_name(Cut cut);

struct Fault {
  std::function<bool(const ClientPacket&)> at;
  Cut cut = Cut::before;
  int times = 1;                       // how many connections it breaks; then it rests
  std::chrono::milliseconds delay{0};  // not a cut: the packet waits so long and then goes on its way
};

// A connection ends at a byte, wherever in a packet that is.
struct ByteCut {
  bool answer = false;  // counted in what the server says; else in what the client says
  std::size_t at = 0;   // how many bytes of it still arrive
  bool lets_finish =
      true;       // the server may tell of all that it was asked, to nobody, before it loses its client
  int times = 1;  // how many connections it breaks
};

class TcpProxy {
 public:
  explicit TcpProxy(std::string server_socket);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }

  // From now on; nothing: every byte goes through.
  void set_fault(std::optional<Fault> fault);
  void set_byte_cut(std::optional<ByteCut> cut);    // the same for bytes
  int cuts() const { return cuts_; }                // by the fault of now
  int connections() const { return connections_; }  // by the fault of now
  int packets() const { return packets_; }          // of the client, on the last connection
  // What went each way on the longest connection by the fault of now.
  std::size_t most_bytes(bool answer) const { return answer ? most_answered_ : most_asked_; }

 private:
  class Relay;
  void accept_all();
  void start_counting();
  // Whether the fault strikes at this packet, once per strike.
  std::optional<Fault> strikes(const ClientPacket& packet);
  // How many of `size` bytes may go on their way behind `before`, if a cut is among them.
  std::optional<ByteCut> cuts_bytes(bool answer, std::size_t before, std::size_t size);

  std::string server_socket_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> cuts_ = 0, connections_ = 0, packets_ = 0;
  std::mutex mutex_;
  std::optional<Fault> fault_;
  std::optional<ByteCut> byte_cut_;
  std::atomic<std::size_t> most_answered_ = 0, most_asked_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> relays_;
};

}  // namespace invctl::test
