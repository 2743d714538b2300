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

// Calls `read` with the object that `text` holds.
template <class F>
auto read_object(const std::string& text, F&& read) {
  try {
    const auto json = Json::parse(text);
    if (json.is_object()) return read(json);
  } catch (const Json::exception&) {
    // Not JSON, or a value of another type than it must have.
  }
  throw Error(Exit::internal, "a worker process was told or said " + text::quoted(text));
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
  return read_object(text, [](const Json& json) {
    Assignment assignment;
    assignment.buyer.number = json.at("buyer");
    assignment.buyer.arrival_ns = json.at("arrival_ns");
    assignment.buyer.quantity = json.at("quantity");
    assignment.start_ns = json.at("start_ns");
    return assignment;
  });
}

Message parse_message(const std::string& text) {
  return read_object(text, [](const Json& json) {
    Message message;
    message.ready = json.contains("ready");
    if (message.ready) return message;
    const auto exit = static_cast<Exit>(json.at("exit").get<int>());
    if (json.contains("error")) {
      message.error = Error(exit, json.at("error").get<std::string>(), json.at("hint").get<std::string>());
      return message;
    }
    auto& answer = message.answer.emplace();
    answer.buyer = json.at("buyer");
    answer.quantity = json.at("quantity");
    answer.arrival_ns = json.at("arrival_ns");
    answer.begin_ns = json.at("begin_ns");
    answer.end_ns = json.at("end_ns");
    answer.exit = exit;
    answer.key = json.at("key");
    answer.retries = json.at("retries");
    answer.message = json.at("message");
    return message;
  });
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
