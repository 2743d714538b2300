// What a simulation asks for: always the same for the same seed, and of the shape that was ordered.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "sim/scenario.hpp"

namespace sim_demand_test {

using namespace invctl;
using namespace invctl::sim;

namespace {

Demand some(std::int64_t requests, std::int64_t products) {
  Demand demand;
  demand.requests = requests;
  demand.skus = make_skus("P", products);
  return demand;
}

bool same(const std::vector<Request>& a, const std::vector<Request>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Request& x, const Request& y) {
    return x.arrival_ns == y.arrival_ns && x.kind == y.kind && x.items.size() == y.items.size() &&
           x.items.front().sku == y.items.front().sku;
  });
}

}  // namespace

TEST_CASE("the same seed gives the same demand, sorted and inside the window") {
  auto demand = some(500, 7);
  for (const auto arrivals : {Arrivals::burst, Arrivals::uniform, Arrivals::poisson}) {
    demand.arrivals = arrivals;
    const auto requests = make_requests(demand);
    CHECK(same(requests, make_requests(demand)));
    REQUIRE(requests.size() == 500);
    std::int64_t before = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      CHECK(requests[i].number == static_cast<std::int64_t>(i) + 1);
      CHECK(requests[i].arrival_ns >= before);
      CHECK(requests[i].arrival_ns < 1'000'000'000);
      before = requests[i].arrival_ns;
    }
    if (arrivals == Arrivals::burst) CHECK(before == 0);
    if (arrivals == Arrivals::uniform) CHECK(requests[1].arrival_ns == 2'000'000);
  }
  const auto first = make_requests(demand);
  demand.seed = 2;
  CHECK_FALSE(same(first, make_requests(demand)));
}

TEST_CASE("without skew all products are wanted alike; with it the first ones much more, by Zipf's law") {
  auto demand = some(60'000, 10);
  const auto counts = [&] {
    std::map<std::string, double> found;
    for (const auto& request : make_requests(demand)) ++found[request.items.front().sku];
    return found;
  };
  auto alike = counts();
  for (const auto& [sku, count] : alike) CHECK(count == Approx(6000).epsilon(0.1));
  demand.skew = 1;
  auto skewed = counts();
  CHECK(skewed["P-01"] / skewed["P-02"] == Approx(2).epsilon(0.1));
  CHECK(skewed["P-01"] / skewed["P-10"] == Approx(10).epsilon(0.15));
}

TEST_CASE("an order has as many different products as it was told to, in no order") {
  auto demand = some(300, 6);
  demand.items = 4;
  demand.skew = 1;
  bool unsorted = false;
  for (const auto& request : make_requests(demand)) {
    std::set<std::string> skus;
    for (const auto& item : request.items) skus.insert(item.sku);
    CHECK(skus.size() == 4);
    unsorted = unsorted || request.items.front().sku > request.items.back().sku;
    CHECK(request.units() == 4);
  }
  CHECK(unsorted);
}

TEST_CASE("half of what goes in and out goes in, and half of who looks and buys looks") {
  auto demand = some(2000, 3);
  const auto share = [&](Request::Kind kind) {
    double count = 0;
    for (const auto& request : make_requests(demand)) count += request.kind == kind ? 1 : 0;
    return count / 2000;
  };
  demand.mix = Demand::Mix::in_and_out;
  CHECK(share(Request::Kind::receive) == Approx(0.5).margin(0.05));
  CHECK(share(Request::Kind::receive) + share(Request::Kind::ship) == 1);
  demand.mix = Demand::Mix::looks_and_buys;
  CHECK(share(Request::Kind::look) == Approx(0.5).margin(0.05));
  CHECK(share(Request::Kind::look) + share(Request::Kind::purchase) == 1);
}

TEST_CASE("every scenario and every kind of request has a name of its own that is found again") {
  std::set<std::string_view> names;
  for (const auto& kind : scenario_kinds()) {
    CHECK(find_scenario(kind.name) == &kind);
    CHECK(names.insert(kind.name).second);
  }
  CHECK(find_scenario("black-friday") == nullptr);
  for (const auto kind :
       {Request::Kind::purchase, Request::Kind::receive, Request::Kind::ship, Request::Kind::look}) {
    CHECK(parse_request_kind(request_kind_name(kind)) == kind);
  }
  CHECK_FALSE(parse_request_kind("steal"));
}

TEST_CASE("codes that are counted sort as they count") {
  const auto skus = make_skus("ITEM", 120);
  CHECK(skus.front() == "ITEM-001");
  CHECK(skus.back() == "ITEM-120");
  CHECK(std::is_sorted(skus.begin(), skus.end()));
}

}  // namespace sim_demand_test
