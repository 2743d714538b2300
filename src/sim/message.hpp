// What a simulation and its worker processes say to each other: one JSON object per packet of a socket.
//
//   worker: {"ready":true}                 the database is open
//   parent: {"number":17,"kind":"purchase","items":[["ITEM-1",1]],"arrival_ns":...,"start_ns":...}
//   worker: {"number":17,...,"exit":0}     the answer; any number of requests may follow
//   worker: {"error":"...","exit":9}       instead of ready
// Where one writer posts what all ask for, the parent is the writer:
//   worker: {"post":true}                  post what I was given
//   parent: {"number":17,...,"exit":0}     what came of it
#pragma once

#include <optional>
#include <string>

#include "sim/answer.hpp"
#include "sim/worker.hpp"

namespace invctl::sim {

struct Assignment {
  Request request;
  std::int64_t start_ns = 0;
};

struct Message {
  bool ready = false;
  bool post = false;
  std::optional<Answer> answer;
  std::optional<Error> error;
};

std::string to_text(const Assignment& assignment);
std::string to_text(const Answer& answer);
std::string ready_text();
std::string post_text();
std::string to_text(const Error& error);

// Both throw Error(internal) for text that is none of these.
Assignment parse_assignment(const std::string& text);
Message parse_message(const std::string& text);

// One packet, through EINTR. Receiving returns nothing at the end; sending false where nobody listens.
bool send_packet(int fd, const std::string& text);
std::optional<std::string> receive_packet(int fd);

}  // namespace invctl::sim
