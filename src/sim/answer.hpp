// What became of one request.
//
// Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/types.hpp"
#include "sim/demand.hpp"

namespace invctl::sim {

enum class Fate {
  accepted,
  sold_out,
  busy,    // gave up waiting; nothing was changed
  failed,  // any other exit code, or no answer at all: whether it was stored is not known
};

// What an answer says of one product: accepted, what is on hand after it; refused, what was available of a
// product of which there was not enough; a look, what was available.
struct AnswerLine {
  std::string sku;
  Quantity quantity = 0;
  friend bool operator==(const AnswerLine&, const AnswerLine&) = default;
};

struct Answer {
  std::int64_t number = 0;  // of the request
  Request::Kind kind = Request::Kind::purchase;
  Quantity units = 0;           // that were asked for
  std::int64_t arrival_ns = 0;  // when the request came
  std::int64_t begin_ns = 0;    // when a worker took it up
  std::int64_t end_ns = 0;      // when it was answered
  Exit exit = Exit::internal;
  std::string key;  // of the operation that was acknowledged
  std::vector<AnswerLine> lines = {};
  std::int64_t worker = 0;     // who served it
  std::int64_t retries = 0;    // transactions that were begun again
  std::int64_t deadlocks = 0;  // of these, because the database chose one to lose
  std::int64_t waited_ns = 0;  // for locks: to begin and to lock what is decided about
  std::int64_t killed = 0;     // workers that were killed while it was served
  std::string message = {};    // why it was not accepted

  Fate fate() const;
  bool is_look() const { return kind == Request::Kind::look; }
};

std::int64_t monotonic_ns();

}  // namespace invctl::sim
