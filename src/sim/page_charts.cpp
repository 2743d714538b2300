#include "sim/page_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text.hpp"
#include "sim/text_chart.hpp"

namespace invctl::sim {

namespace {

namespace html = io::html;
using html::grouped;

// Strategies that are further apart than this share a logarithmic axis: on another one the smaller of them
// would lie on the axis itself.
constexpr double far_apart = 20;
constexpr std::int64_t all_answers = 100'000;  // in thousandths of a percent
constexpr std::int64_t one_per_s = 1'000;      // rates are thousandths of an answer per second

std::int64_t whole(double value) {
  constexpr double most = 9e18;  // within 64 bits
  return static_cast<std::int64_t>(std::clamp(std::round(value), 0.0, most));
}

std::string decimal(double value, int decimals) {
  auto digits = fmt::format("{:.{}f}", value, decimals);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string percent_text(std::int64_t share) {
  return decimal(static_cast<double>(share) * 100 / all_answers, 3) + " %";
}

std::string rate_text(std::int64_t rate) {
  const auto per_s = static_cast<double>(rate) / one_per_s;
  return per_s >= 10 ? grouped(whole(per_s)) : decimal(per_s, 2);
}

// The next 1, 2 or 5 times a power of ten at or above `value`.
std::int64_t round_up(std::int64_t value) {
  for (__int128 power = 1;; power *= 10) {
    for (const int factor : {1, 2, 5}) {
      const auto step = power * factor;
      if (step >= value) {
        return static_cast<std::int64_t>(std::min<__int128>(step, std::numeric_limits<std::int64_t>::max()));
      }
    }
  }
}

// The next below `value`; 1 where there is none.
std::int64_t round_down(std::int64_t value) {
  std::int64_t step = round_up(value);
  while (step > 1 && step >= value) step = round_up(step / 2 - step / 10);
  return step;
}

html::PlotAxis log_axis(std::int64_t least, std::int64_t most, const html::Label& label, std::string title) {
  const auto from = round_down(std::max<std::int64_t>(least, 1));
  auto to = round_up(std::max<std::int64_t>(most, 1));
  if (to <= from) to = from * 10;
  return {from, to, true, label, std::move(title) + " (logarithmic)"};
}

html::PlotAxis linear_axis(std::int64_t most, const html::Label& label, std::string title, int steps) {
  return {0, html::round_steps(0, std::max<std::int64_t>(most, 1), steps).back(), false, label,
          std::move(title)};
}

struct Latencies {
  const std::string* strategy = nullptr;
  std::vector<std::int64_t> sorted;
};

// In tenths of a percent; nearest rank.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t tenths) {
  const auto rank = (sorted.size() * tenths + 999) / 1000;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}
constexpr std::size_t shown_tenths[] = {500, 900, 990, 999, 1000};

html::PlotSeries distribution(const Latencies& latencies) {
  const auto& sorted = latencies.sorted;
  html::PlotSeries series{*latencies.strategy, {}, html::Draw::steps};
  if (sorted.empty()) return series;
  series.points.push_back({sorted.front(), 0});
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && sorted[i + 1] == sorted[i]) continue;
    const auto share = static_cast<double>(i + 1) / static_cast<double>(sorted.size());
    series.points.push_back({sorted[i], whole(std::floor(share * all_answers))});
  }
  for (const auto tenths : shown_tenths) {
    series.marked.push_back(
        {percentile(sorted, tenths), static_cast<std::int64_t>(tenths) * all_answers / 1000});
  }
  return series;
}

std::string percentile_table(const std::vector<Latencies>& all) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all) {
    if (one.sorted.empty()) continue;
    std::vector<std::string> row{*one.strategy, grouped(static_cast<std::int64_t>(one.sorted.size()))};
    for (const auto tenths : shown_tenths) row.push_back(latency_text(percentile(one.sorted, tenths)));
    rows.push_back(std::move(row));
  }
  const auto number = io::Kind::number;
  return html::table("From arrival to answer, all rounds together",
                     {{"Strategy"},
                      {"Answers", number},
                      {"50 %", number},
                      {"90 %", number},
                      {"99 %", number},
                      {"99.9 %", number},
                      {"Longest", number}},
                     rows);
}

// Answers per bucket, all rounds of a strategy laid over each other.
struct Course {
  const std::string* strategy = nullptr;
  std::size_t rounds = 0;
  std::int64_t bucket_ns = 0;
  std::vector<double> rates;  // per second, the mean of the rounds
  double length() const { return static_cast<double>(bucket_ns) * static_cast<double>(rates.size()); }
};

// How many answers of a round came before a time; within a bucket they are spread evenly.
class Progress {
 public:
  explicit Progress(const PageRun& run) : bucket_(static_cast<double>(run.bucket_ns)), sums_{0} {
    for (const auto count : run.answers) {
      sums_.push_back(sums_.back() + static_cast<double>(std::max<std::int64_t>(count, 0)));
    }
  }
  double before(double ns) const {
    const auto at = ns / bucket_;
    const auto last = static_cast<double>(sums_.size() - 1);
    if (at >= last) return sums_.back();
    const auto i = static_cast<std::size_t>(at);
    return sums_[i] + (sums_[i + 1] - sums_[i]) * (at - static_cast<double>(i));
  }

 private:
  double bucket_;
  std::vector<double> sums_;
};

Course course_of(const PageGroup& group) {
  Course course;
  course.strategy = &group.strategy;
  std::vector<const PageRun*> rounds;
  for (const auto* run : group.rounds) {
    if (run->bucket_ns > 0 && !run->answers.empty()) rounds.push_back(run);
  }
  course.rounds = rounds.size();
  for (const auto* run : rounds) course.bucket_ns = std::max(course.bucket_ns, run->bucket_ns);
  const auto bucket = static_cast<double>(course.bucket_ns);
  for (const auto* run : rounds) {
    const Progress progress(*run);
    const auto length = static_cast<double>(run->bucket_ns) * static_cast<double>(run->answers.size());
    const auto buckets = static_cast<std::size_t>(std::ceil(length / bucket));
    course.rates.resize(std::max(course.rates.size(), buckets));
    for (std::size_t i = 0; i < buckets; ++i) {
      const auto begin = bucket * static_cast<double>(i);
      course.rates[i] += (progress.before(begin + bucket) - progress.before(begin)) * 1e9 / bucket /
                         static_cast<double>(rounds.size());
    }
  }
  return course;
}

html::PlotSeries series_of(const Course& course) {
  html::PlotSeries series{*course.strategy, {}, html::Draw::steps};
  if (course.rates.empty()) return series;
  const auto bucket = static_cast<double>(course.bucket_ns);
  for (std::size_t i = 0; i < course.rates.size(); ++i) {
    series.points.push_back({whole(bucket * static_cast<double>(i)), whole(course.rates[i] * one_per_s)});
  }
  series.points.push_back({whole(course.length()), 0});
  return series;
}

html::PlotSeries served_in(const PageRun& run, bool alone) {
  html::PlotSeries series{alone ? "served" : fmt::format("round {}", run.round), {}};
  for (const auto& [arrival, service] : run.served) series.points.push_back({arrival, service});
  return series;
}

}  // namespace

std::string latency_charts(const std::vector<PageGroup>& groups) {
  std::vector<Latencies> all;  // of all groups, so that each has its colour in every chart
  bool answered = false;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = 1;
  for (const auto& group : groups) {
    all.push_back({&group.strategy, {}});
    auto& sorted = all.back().sorted;
    for (const auto* run : group.rounds) {
      sorted.insert(sorted.end(), run->latencies_ns.begin(), run->latencies_ns.end());
    }
    std::sort(sorted.begin(), sorted.end());
    if (sorted.empty()) continue;
    answered = true;
    const auto positive = std::upper_bound(sorted.begin(), sorted.end(), 0);
    if (positive != sorted.end()) least = std::min(least, *positive);
    most = std::max(most, sorted.back());
  }
  if (!answered) return html::paragraph("Nothing was answered.");
  std::vector<html::PlotSeries> series;
  for (const auto& latencies : all) series.push_back(distribution(latencies));
  const html::PlotAxis share{0, all_answers, false, percent_text, "answers that came within"};
  return html::xy_plot(
             "How many percent of the answers came within which time after the arrival. Further to the left "
             "is faster; the marks are 50, 90, 99, 99.9 and 100 percent.",
             log_axis(std::min(least, most), most, latency_text, "from arrival to answer"), share, series) +
         percentile_table(all);
}

std::string throughput_chart(const std::vector<PageGroup>& groups) {
  constexpr auto none = std::numeric_limits<double>::max();
  double highest = 0, lowest_peak = none, slowest = none;  // answers per second
  double longest = 0, shortest = none;
  double bucket = none;
  bool means = false;
  std::vector<html::PlotSeries> series;
  for (const auto& group : groups) {
    const auto course = course_of(group);
    series.push_back(series_of(course));
    const auto peak = course.rates.empty() ? 0 : *std::max_element(course.rates.begin(), course.rates.end());
    if (peak <= 0) continue;
    means = means || course.rounds > 1;
    highest = std::max(highest, peak);
    lowest_peak = std::min(lowest_peak, peak);
    for (const auto rate : course.rates) slowest = rate > 0 ? std::min(slowest, rate) : slowest;
    longest = std::max(longest, course.length());
    shortest = std::min(shortest, course.length());
    bucket = std::min(bucket, static_cast<double>(course.bucket_ns));
  }
  if (highest <= 0) return html::paragraph("Nothing was answered.");
  const auto time = longest > far_apart * shortest
                        ? log_axis(whole(bucket), whole(longest), latency_text, "time since the start")
                        : html::PlotAxis{0, whole(longest), false, latency_text, "time since the start"};
  const auto most = whole(highest * one_per_s);
  const auto rate = highest > far_apart * lowest_peak
                        ? log_axis(whole(slowest * one_per_s), most, rate_text, "answers per second")
                        : linear_axis(most, rate_text, "answers per second", 5);
  std::string description =
      "Answers per second over the time since the start; a line ends with the last answer.";
  if (means) description += " Each is the mean of its strategy's rounds.";
  if (rate.logarithmic) description += " Where nothing was answered the line lies on the axis.";
  return html::xy_plot(description, time, rate, series);
}

std::string service_charts(const std::vector<PageGroup>& groups) {
  std::int64_t arrivals = 1;
  std::int64_t services = 1;
  for (const auto& group : groups) {
    for (const auto* run : group.rounds) {
      for (const auto& [arrival, service] : run->served) {
        arrivals = std::max(arrivals, arrival);
        services = std::max(services, service);
      }
    }
  }
  const auto x = linear_axis(arrivals, grouped, "place among arrivals", 4);
  const auto y = linear_axis(services, grouped, "place in the order of service", 5);
  std::vector<std::string> blocks;
  for (const auto& group : groups) {
    std::vector<html::PlotSeries> series;
    std::size_t accepted = 0;
    for (const auto* run : group.rounds) {
      if (run->served.empty()) continue;
      series.push_back(served_in(*run, group.rounds.size() == 1));
      accepted += run->served.size();
    }
    if (series.empty()) {
      blocks.push_back(html::block(group.strategy, html::paragraph("Nobody was served.")));
      continue;
    }
    const auto end = std::min(x.to, y.to);
    series.push_back({"first come, first served", {{0, 0}, {end, end}}, html::Draw::guide});
    const auto description =
        fmt::format("{}: {} accepted.", group.strategy, grouped(static_cast<std::int64_t>(accepted)));
    blocks.push_back(
        html::block(group.strategy, html::xy_plot(description, x, y, series, html::PlotShape::square)));
  }
  return html::paragraph(
             "Each dot is one demand that was accepted. On the dashed line it was served in its turn; below "
             "it, before others who had come earlier; above it, after others who came later. All charts "
             "have the same axes.") +
         html::side_by_side(blocks);
}

}  // namespace invctl::sim
