#include "sim/message.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace invctl::sim {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t text_most = 1000;  // of an error's message

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

// Lists of a code and a number, which requests and answers both have.
template <class Entry>
Json pairs(const std::vector<Entry>& entries) {
  auto list = Json::array();
  for (const auto& entry : entries) list.push_back({entry.sku, entry.quantity});
  return list;
}

template <class Entry>
std::vector<Entry> read_pairs(const Json& list) {
  std::vector<Entry> entries;
  for (const auto& pair : list) entries.push_back({pair.at(0), pair.at(1)});
  return entries;
}

Request::Kind read_kind(const Json& json) {
  const auto name = json.at("kind").get<std::string>();
  const auto kind = parse_request_kind(name);
  if (!kind) throw Error(Exit::internal, "a request of unknown kind " + text::quoted(name));
  return *kind;
}

}  // namespace

std::string to_text(const Assignment& assignment) {
  const auto& request = assignment.request;
  Json json = {{"number", request.number},
               {"kind", request_kind_name(request.kind)},
               {"items", pairs(request.items)},
               {"arrival_ns", request.arrival_ns},
               {"start_ns", assignment.start_ns}};
  if (request.key) json["key"] = *request.key;
  return dump(json);
}

std::string to_text(const Answer& answer) {
  return dump({{"number", answer.number},
               {"kind", request_kind_name(answer.kind)},
               {"units", answer.units},
               {"arrival_ns", answer.arrival_ns},
               {"begin_ns", answer.begin_ns},
               {"end_ns", answer.end_ns},
               {"exit", static_cast<int>(answer.exit)},
               {"key", answer.key},
               {"lines", pairs(answer.lines)},
               {"retries", answer.retries},
               {"deadlocks", answer.deadlocks},
               {"waited_ns", answer.waited_ns},
               {"message", answer.message.substr(0, text_most)}});
}

std::string ready_text() {
  return dump({{"ready", true}});
}

std::string post_text() {
  return dump({{"post", true}});
}

std::string to_text(const Error& error) {
  return dump({{"error", error.message.substr(0, text_most)},
               {"hint", error.hint.substr(0, text_most)},
               {"exit", static_cast<int>(error.exit)}});
}

Assignment parse_assignment(const std::string& text) {
  return read_object(text, [](const Json& json) {
    Assignment assignment;
    auto& request = assignment.request;
    request.number = json.at("number");
    request.kind = read_kind(json);
    request.items = read_pairs<Item>(json.at("items"));
    request.arrival_ns = json.at("arrival_ns");
    if (json.contains("key")) request.key = json.at("key").get<std::string>();
    assignment.start_ns = json.at("start_ns");
    return assignment;
  });
}

Message parse_message(const std::string& text) {
  return read_object(text, [](const Json& json) {
    Message message;
    message.ready = json.contains("ready");
    message.post = json.contains("post");
    if (message.ready || message.post) return message;
    const auto exit = static_cast<Exit>(json.at("exit").get<int>());
    if (json.contains("error")) {
      message.error = Error(exit, json.at("error").get<std::string>(), json.at("hint").get<std::string>());
      return message;
    }
    auto& answer = message.answer.emplace();
    answer.number = json.at("number");
    answer.kind = read_kind(json);
    answer.units = json.at("units");
    answer.arrival_ns = json.at("arrival_ns");
    answer.begin_ns = json.at("begin_ns");
    answer.end_ns = json.at("end_ns");
    answer.exit = exit;
    answer.key = json.at("key");
    answer.lines = read_pairs<AnswerLine>(json.at("lines"));
    answer.retries = json.at("retries");
    answer.deadlocks = json.at("deadlocks");
    answer.waited_ns = json.at("waited_ns");
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
  const auto receive = [&](void* into, std::size_t size, int flags) {
    ssize_t n = 0;
    do {
      n = recv(fd, into, size, flags);
    } while (n < 0 && errno == EINTR);
    return n;
  };
  // How long it is first: an order of a file may have hundreds of lines.
  char first = 0;
  const auto size = receive(&first, 1, MSG_PEEK | MSG_TRUNC);
  if (size <= 0) return std::nullopt;
  std::string packet(static_cast<std::size_t>(size), '\0');
  if (receive(packet.data(), packet.size(), 0) != size) return std::nullopt;
  return packet;
}

}  // namespace invctl::sim
