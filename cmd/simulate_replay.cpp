// The demand of a real file, for simulate-concurrency.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apply/operation_reader.hpp"
#include "core/text.hpp"
#include "simulate_options.hpp"

namespace invctl::cmd {

namespace {

// Purchases, shipments and receipts are what a simulation lets race; an adjustment is one of these by its
// sign.
std::optional<sim::Request> request_of(const Operation& operation) {
  sim::Request request;
  bool adds = false;
  switch (operation.kind) {
    case Kind::purchase:
      break;
    case Kind::ship:
      request.kind = sim::Request::Kind::ship;
      break;
    case Kind::receive:
      request.kind = sim::Request::Kind::receive;
      break;
    case Kind::adjust:
      adds = operation.lines.front().quantity > 0;
      request.kind = adds ? sim::Request::Kind::receive : sim::Request::Kind::ship;
      break;
    default:
      return std::nullopt;
  }
  std::map<std::string, Quantity> units;
  for (const auto& line : operation.lines) {
    const bool set = line.mode != Line::Mode::delta || line.quantity == 0;
    if (set || (operation.kind == Kind::adjust && (line.quantity > 0) != adds)) return std::nullopt;
    units[line.sku.str()] += std::abs(line.quantity);
  }
  for (const auto& [sku, quantity] : units) request.items.push_back({sku, quantity});
  return request;
}

struct Dated {
  std::string day;  // 2011-12-05
  sim::Request request;
};

std::string day_of(const Operation& operation) {
  return operation.occurred_at ? format_time(*operation.occurred_at).substr(0, 10) : std::string();
}

std::string busiest_day(const std::vector<Dated>& requests) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [day, request] : requests) ++counts[day];
  std::string busiest;
  for (const auto& [day, count] : counts) {
    if (!day.empty() && (busiest.empty() || count > counts.at(busiest))) busiest = day;
  }
  return busiest;
}

}  // namespace

std::vector<sim::Request> read_requests(Context& context, const ApplyOptions& file,
                                        const std::optional<std::string>& day) {
  intake::Mapping mapping;
  complete_mapping(context, mapping, file);
  mapping.currency = Currency::parse("USD");
  if (!mapping.default_warehouse) mapping.default_warehouse = "SIM";
  intake::Input input(input_options(file), mapping);
  intake::OperationReader reader(input.start_pass(), mapping,
                                 {.file = input.name(), .actor = context.actor()});
  std::vector<Dated> read;
  Error bad(Exit::bad_input, "", "");
  std::size_t faults = 0;
  std::size_t left_out = 0;
  for (intake::ReadOperation operation; reader.next(operation); operation = {}) {
    if (!operation.well_formed()) {
      faults += operation.faults.count();
      operation.faults.add_to(bad);
    } else if (auto request = request_of(operation.operation)) {
      read.push_back({day_of(operation.operation), std::move(*request)});
    } else {
      ++left_out;
    }
  }
  if (faults > 0) {
    bad.message = fmt::format("{}: {}", text::printable(input.name()),
                              text::count(static_cast<long long>(faults), "error"));
    throw bad;
  }
  if (left_out > 0) {
    context.warn(fmt::format("{} left out: only purchases, shipments and receipts race",
                             text::count(static_cast<long long>(left_out), "operation")));
  }
  const auto wanted = day && *day == "busiest" ? busiest_day(read) : day.value_or("");
  std::vector<sim::Request> requests;
  for (auto& [on, request] : read) {
    if (wanted.empty() || on == wanted) requests.push_back(std::move(request));
  }
  if (requests.empty()) {
    throw Error(Exit::bad_input, "no_requests",
                fmt::format("{} asks for nothing{}", text::printable(input.name()),
                            day ? " on " + text::printable(*day) : std::string()),
                "--day takes a date such as 2011-12-05, or `busiest`");
  }
  return requests;
}

}  // namespace invctl::cmd
