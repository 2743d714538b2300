// Who wants what, and when: the demand that a simulation lets loose on the stock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl::sim {

enum class Arrivals {
  burst,    // all at once
  uniform,  // evenly spaced over the window
  poisson,  // at random, independently of each other
};
std::optional<Arrivals> parse_arrivals(std::string_view name);
std::string_view arrivals_name(Arrivals arrivals);

struct Item {
  std::string sku;
  Quantity quantity = 1;
};

// What one client asks for: one operation, or one look at the stock.
struct Request {
  enum class Kind { purchase, receive, ship, look };

  std::int64_t number = 0;      // 1, 2, ... in order of arrival
  std::int64_t arrival_ns = 0;  // since the start
  Kind kind = Kind::purchase;
  std::vector<Item> items;
  // Its idempotency key, where it may have to be asked again because nobody heard the answer.
  std::optional<std::string> key = {};

  Quantity units() const;
};
std::string_view request_kind_name(Request::Kind kind);
std::optional<Request::Kind> parse_request_kind(std::string_view name);

// What a scenario asks for; every number is a flag of the command.
struct Demand {
  enum class Mix {
    purchases,       // of one item each
    orders,          // purchases of several items, in random order
    in_and_out,      // receipts and shipments of several items
    looks_and_buys,  // every other request only looks
  };
  Mix mix = Mix::purchases;
  std::int64_t requests = 1000;
  std::vector<std::string> skus;
  std::int64_t items = 1;  // of one request; no more than there are SKUs
  Quantity quantity = 1;   // of each item
  double skew = 0;         // Zipf's exponent: the n-th SKU is wanted n^-skew as often as the first
  std::chrono::milliseconds window{1000};
  Arrivals arrivals = Arrivals::poisson;
  std::uint64_t seed = 1;
};

// The same demand and seed give the same requests, ascending by arrival.
std::vector<Request> make_requests(const Demand& demand);

// Gives requests that were read elsewhere a number and an arrival, in their order.
void let_arrive(std::vector<Request>& requests, const Demand& demand);

// The name by which the ledger knows a request: the user of a purchase, the reference of an operation.
std::string name_of(std::int64_t number);

}  // namespace invctl::sim
