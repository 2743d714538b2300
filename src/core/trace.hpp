// What the program tells its log while it works. Nothing is formatted unless somebody listens: a one-shot
// command at the default level pays one comparison. cmd/log.cpp installs the listener.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "core/error.hpp"

namespace invctl {

enum class TraceLevel { debug, info, warn, error };

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual bool wants(TraceLevel level) const = 0;
  virtual void write(TraceLevel level, std::string_view event,
                     std::initializer_list<std::pair<std::string_view, FieldValue>> fields) = 0;
};

// Set once, before threads start; null (the default) is silence.
void set_trace_sink(TraceSink* sink);
TraceSink* trace_sink();

inline bool tracing(TraceLevel level) {
  const auto* sink = trace_sink();
  return sink != nullptr && sink->wants(level);
}

inline void trace(TraceLevel level, std::string_view event,
                  std::initializer_list<std::pair<std::string_view, FieldValue>> fields) {
  if (tracing(level)) trace_sink()->write(level, event, fields);
}

}  // namespace invctl
