#include "core/trace.hpp"

namespace invctl {

namespace {
TraceSink* current_sink = nullptr;
}

void set_trace_sink(TraceSink* sink) {
  current_sink = sink;
}
TraceSink* trace_sink() {
  return current_sink;
}

}  // namespace invctl
