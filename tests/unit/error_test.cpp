#include "core/error.hpp"

#include <catch2/catch.hpp>

#include "core/trace.hpp"

namespace error_test {

using namespace invctl;

TEST_CASE("exit codes have the numbers and names that scripts rely on") {
  const std::vector<std::pair<int, std::string>> table{
      {0, "ok"},          {1, "internal"},           {2, "usage"},
      {3, "not_found"},   {4, "insufficient_stock"}, {5, "conflict"},
      {6, "busy"},        {7, "invariant"},          {8, "bad_input"},
      {9, "unavailable"}, {10, "unknown_outcome"},   {11, "not_permitted"},
      {12, "partial"},    {13, "unreported"},        {20, "alert"}};
  for (const auto& [number, name] : table) CHECK(exit_name(static_cast<Exit>(number)) == name);
  CHECK(exit_name(static_cast<Exit>(99)) == "internal");
}

TEST_CASE("an error is called after its exit code unless it has a name of its own") {
  CHECK(Error(Exit::conflict, "x").code == "conflict");
  CHECK(Error(Exit::conflict, "no_price", "x", "y").code == "no_price");
  const auto error = Error(Exit::conflict, "x").add_line({"first", {}}).add_line({"second", {}});
  REQUIRE(error.lines.size() == 2);
  CHECK(error.lines[1].message == "second");
  CHECK(std::string(error.what()) == "x");
}

namespace {

struct Recorder : TraceSink {
  bool wants(TraceLevel level) const override { return level >= TraceLevel::info; }
  void write(TraceLevel, std::string_view event,
             std::initializer_list<std::pair<std::string_view, FieldValue>> fields) override {
    events.push_back(std::string(event) + "/" + std::to_string(fields.size()));
  }
  std::vector<std::string> events;
};

}  // namespace

TEST_CASE("the trace reaches a listener that wants its level, and nobody else") {
  trace(TraceLevel::error, "unheard", {});
  CHECK_FALSE(tracing(TraceLevel::error));
  Recorder recorder;
  set_trace_sink(&recorder);
  trace(TraceLevel::debug, "detail", {});
  trace(TraceLevel::info, "retry", {{"attempt", std::int64_t{1}}});
  CHECK(tracing(TraceLevel::info));
  CHECK_FALSE(tracing(TraceLevel::debug));
  set_trace_sink(nullptr);
  trace(TraceLevel::info, "late", {});
  CHECK(recorder.events == std::vector<std::string>{"retry/1"});
}

}  // namespace error_test
