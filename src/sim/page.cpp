#include "sim/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "sim/page_charts.hpp"

namespace invctl::sim {

namespace {

namespace html = io::html;

std::vector<PageGroup> groups_of(const std::vector<PageRun>& runs) {
  std::vector<PageGroup> groups;
  for (const auto& run : runs) {
    auto found = std::find_if(groups.begin(), groups.end(),
                              [&](const PageGroup& group) { return group.strategy == run.strategy; });
    if (found == groups.end()) found = groups.insert(groups.end(), {run.strategy, {}});
    found->rounds.push_back(&run);
  }
  return groups;
}

std::string table(const PageTable& table) {
  return table.rows.empty() ? "" : html::table(table.caption, table.columns, table.rows);
}

std::string explanation(const PageRun& run) {
  return run.why.empty() ? "broken" : run.why;
}

// What a reader must not miss: that, and how, something was broken.
std::string warning(const std::vector<PageRun>& runs) {
  const auto broken = [](const PageRun& run) { return !run.ok; };
  const auto count = std::count_if(runs.begin(), runs.end(), broken);
  if (count == 0) return {};
  const auto& first = *std::find_if(runs.begin(), runs.end(), broken);
  return html::notice(fmt::format("{} of {} {} not right. {}, round {}: {}", count,
                                  text::count(static_cast<long long>(runs.size()), "run"),
                                  count == 1 ? "is" : "are", first.strategy, first.round,
                                  explanation(first)));
}

std::string verdict_table(const std::vector<PageGroup>& groups) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& group : groups) {
    const auto broken =
        std::count_if(group.rounds.begin(), group.rounds.end(), [](const auto* run) { return !run->ok; });
    const auto rounds = html::grouped(static_cast<std::int64_t>(group.rounds.size()));
    if (broken == 0) rows.push_back({group.strategy, rounds, "right", "-", "-"});
    for (const auto* run : group.rounds) {
      if (!run->ok)
        rows.push_back({group.strategy, rounds, "broken", html::grouped(run->round), explanation(*run)});
    }
  }
  const auto number = io::Kind::number;
  return html::table("Every answer and the ledger, checked after each run",
                     {{"Strategy"}, {"Rounds", number}, {"Verdict"}, {"Round", number}, {"What is broken"}},
                     rows);
}

}  // namespace

std::string make_page(const SimulationPage& page) {
  html::Page document{
      page.title, page.subtitle, html::tiles(page.tiles) + warning(page.runs), {}, page.footer};
  const auto add = [&](const char* id, const char* title, std::string markup) {
    if (!markup.empty()) document.sections.push_back({id, title, std::move(markup)});
  };
  const auto groups = groups_of(page.runs);
  std::string tables;
  for (const auto& one : page.tables) tables += table(one);
  add("results", groups.size() > 1 ? "Comparison" : "Result", std::move(tables));
  if (!groups.empty()) {
    add("verdict", "Verdict", verdict_table(groups));
    add("latency", "Latency", latency_charts(groups));
    add("throughput", "Throughput over time", throughput_chart(groups));
    add("order", "Order of service", service_charts(groups));
  }
  add("settings", "Settings", table(page.settings));
  add("machine", "Machine", table(page.machine));
  return html::page(document);
}

}  // namespace invctl::sim
