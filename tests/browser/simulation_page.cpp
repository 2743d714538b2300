// Writes the page of a simulation with made-up numbers, as they might be, to standard output: for a browser.
// Each strategy is a queue with one or several servers; names are hostile.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>

#include "sim/page.hpp"

using namespace invctl;
using namespace invctl::sim;

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t buyers = 1000, stock = 100;

struct Kind {
  std::string name;
  double service_ms;  // of one transaction
  bool in_turn;       // else whoever waits is served, at random
  bool right = true;
};

PageRun simulate(const Kind& kind, int round) {
  std::mt19937_64 random(static_cast<std::uint64_t>(round) * 1000 + kind.name.size());
  std::uniform_real_distribution<double> arrival(0, 1000);
  std::lognormal_distribution<double> service(std::log(kind.service_ms), 0.5);
  std::vector<double> arrivals;
  for (std::int64_t i = 0; i < buyers; ++i) arrivals.push_back(arrival(random));
  std::sort(arrivals.begin(), arrivals.end());

  PageRun run{.strategy = kind.name,
              .round = round,
              .ok = kind.right,
              .why = {},
              .latencies_ns = {},
              .bucket_ns = 50 * ms,
              .answers = {},
              .served = {}};
  if (!run.ok) run.why = "sold-what-there-was: 117 units were sold of <b>100</b>";
  std::vector<std::size_t> waiting;
  double now = 0;
  std::size_t next = 0;
  for (std::int64_t rank = 1; rank <= buyers; ++rank) {
    if (waiting.empty()) now = std::max(now, arrivals[next]);
    while (next < arrivals.size() && arrivals[next] <= now) waiting.push_back(next++);
    const auto chosen =
        kind.in_turn ? 0 : std::uniform_int_distribution<std::size_t>(0, waiting.size() - 1)(random);
    const auto buyer = waiting[chosen];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(chosen));
    now += rank <= stock ? service(random) : service(random) / 10;  // a refusal writes nothing
    run.latencies_ns.push_back(static_cast<std::int64_t>((now - arrivals[buyer]) * 1e6));
    const auto bucket = static_cast<std::size_t>(now / 50);
    if (run.answers.size() <= bucket) run.answers.resize(bucket + 1);
    ++run.answers[bucket];
    if (rank <= stock) run.served.emplace_back(static_cast<std::int64_t>(buyer) + 1, rank);
  }
  std::sort(run.latencies_ns.begin(), run.latencies_ns.end());
  return run;
}

}  // namespace

int main() {
  const std::vector<Kind> kinds{{"pessimistic", 3, true},
                                {"conditional", 2.2, false},
                                {"optimistic <script>document.title=\"alive\"</script>", 12, false},
                                {"combined", 0.2, true},
                                {"reserve", 5, true},
                                {"guards-only", 7, false},
                                {"none <img src=x onerror=\"document.title=1\">", 2, false, false}};
  SimulationPage page{
      "Flash sale on SQLite",
      "1,000 buyers within one second for 100 units, seed 1, 8 threads, 2 rounds of each strategy",
      "Made by invctl from made-up numbers.",
      {{"Demand", "1,000"},
       {"Stock", "100"},
       {"Runs", "14"},
       {"Right", "12 of 14", "none is the negative control"}},
      {},
      {},
      {"Every setting",
       {{"Setting"}, {"Value"}},
       {{"scenario", "flash-sale"}, {"seed", "1"}, {"workers", "8 threads"}}},
      {"Where it ran",
       {{"What"}, {"Value"}},
       {{"engine", "SQLite 3.40.1"}, {"processor", "2 cores"}, {"file system", "ext4"}}}};
  const auto number = io::Kind::number;
  PageTable table{"Median of the rounds, and their spread",
                  {{"Strategy"},
                   {"Verdict"},
                   {"Answers/s", number},
                   {"p50", number},
                   {"p99", number},
                   {"Retries", number},
                   {"Inverted", number},
                   {"Jain", number}},
                  {}};
  for (const auto& kind : kinds) {
    for (int round = 1; round <= 2; ++round) page.runs.push_back(simulate(kind, round));
    table.rows.push_back({kind.name, kind.right ? "right" : "broken", "984 (971-996)", "2.81 ms", "14.2 ms",
                          "0", "0.3 %", "0.98"});
  }
  page.tables.push_back(std::move(table));
  std::cout << make_page(page);
  return std::cout.flush() ? 0 : 1;
}
