#include "sim/message.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace invctl::sim {

namespace {

using Json = nlohmann::ordered_json;

// More than any message is long: texts in them are at most an error's.
constexpr std::size_t packet_max_bytes = 16384;

Json parse_object(const std::string& text) {
  auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    throw Error(Exit::internal, "a worker process was told or said " + text::quoted(text));
  }
  return json;
}

// Bytes that are not UTF-8 (from a driver's message) must not keep an answer from arriving.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_text(const Assignment& assignment) {
  return dump({{"buyer", assignment.buyer.number},
               {"arrival_ns", assignment.buyer.arrival_ns},
               {"start_ns", assignment.start_ns},
               {"quantity", assignment.buyer.quantity}});
}

std::string to_text(const Answer& answer) {
  return dump({{"buyer", answer.buyer},
               {"quantity", answer.quantity},
               {"arrival_ns", answer.arrival_ns},
               {"begin_ns", answer.begin_ns},
               {"end_ns", answer.end_ns},
               {"exit", static_cast<int>(answer.exit)},
               {"key", answer.key},
               {"retries", answer.retries},
               {"message", answer.message.substr(0, 1000)}});
}

std::string ready_text() {
  return dump({{"ready", true}});
}

std::string to_text(const Error& error) {
  return dump({{"error", error.message.substr(0, 1000)},
               {"hint", error.hint.substr(0, 1000)},
               {"exit", static_cast<int>(error.exit)}});
}

Assignment parse_assignment(const std::string& text) {
  const auto json = parse_object(text);
  Assignment assignment;
  assignment.buyer.number = json.value("buyer", std::int64_t{0});
  assignment.buyer.arrival_ns = json.value("arrival_ns", std::int64_t{0});
  assignment.buyer.quantity = json.value("quantity", std::int64_t{1});
  assignment.start_ns = json.value("start_ns", std::int64_t{0});
  return assignment;
}

Message parse_message(const std::string& text) {
  const auto json = parse_object(text);
  const auto exit = static_cast<Exit>(json.value("exit", 1));
  Message message;
  message.ready = json.contains("ready");
  if (json.contains("error")) {
    message.error = Error(exit, json.value("error", std::string()), json.value("hint", std::string()));
  } else if (json.contains("buyer")) {
    Answer answer;
    answer.buyer = json.value("buyer", std::int64_t{0});
    answer.quantity = json.value("quantity", std::int64_t{0});
    answer.arrival_ns = json.value("arrival_ns", std::int64_t{0});
    answer.begin_ns = json.value("begin_ns", std::int64_t{0});
    answer.end_ns = json.value("end_ns", std::int64_t{0});
    answer.exit = exit;
    answer.key = json.value("key", std::string());
    answer.retries = json.value("retries", std::int64_t{0});
    answer.message = json.value("message", std::string());
    message.answer = std::move(answer);
  }
  return message;
}

bool send_packet(int fd, const std::string& text) {
  while (send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

std::optional<std::string> receive_packet(int fd) {
  std::array<char, packet_max_bytes> buffer;
  ssize_t n = 0;
  do {
    n = recv(fd, buffer.data(), buffer.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(n));
}

}  // namespace invctl::sim
