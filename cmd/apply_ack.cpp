// `apply - --ack`: see src/apply/ack.hpp.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "apply.hpp"
#include "apply/ack.hpp"
#include "core/interrupt.hpp"

namespace invctl::cmd {

namespace {

nlohmann::ordered_json to_json(const intake::Answer& answer) {
  nlohmann::ordered_json json;
  json["line"] = answer.line;
  json["id"] = answer.key.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(answer.key);
  json["operation"] = answer.why || answer.operation == 0 ? nlohmann::ordered_json()
                                                          : nlohmann::ordered_json(answer.operation);
  json["exit"] = answer.why ? static_cast<int>(answer.why->exit) : 0;
  json["replayed"] = answer.replayed && !answer.why;
  if (answer.why) json["error"] = {{"code", answer.why->code}, {"message", intake::in_one_line(*answer.why)}};
  return json;
}

}  // namespace

Exit answer_stream(Context& context, const intake::Options& options, const intake::Mapping& mapping) {
  const auto store = context.open_for_writing();
  auto complete = mapping;
  complete.currency = store->info().currency;
  intake::AckStream stream(*store, *store, context.origin(), complete, options);
  io::LineFeed feed(STDIN_FILENO);
  const auto report = stream.run(
      feed,
      [&](const intake::Answer& answer) { io::print_json(context.out, io::Format::ndjson, to_json(answer)); },
      [&](bool committed) {
        context.committed = context.committed || committed;
        context.out.flush();
        // What is durable is answered: from here on a signal may end the program while it waits for more.
        interrupt::release();
      });
  return report.operations.rejected > 0 ? Exit::partial : Exit::ok;
}

}  // namespace invctl::cmd
