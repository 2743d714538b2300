// A simulation, or a comparison of several strategies, as one page to be read, printed and kept. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "io/html.hpp"

namespace invctl::sim {

// One run of one strategy. Runs with the same strategy are its rounds.
struct PageRun {
  std::string strategy;
  int round = 1;
  bool ok = true;
  std::string why;  // the smallest explanation of what is broken; empty where nothing is
  std::vector<std::int64_t> latencies_ns;  // sorted, from arrival to answer
  std::int64_t bucket_ns = 0;
  std::vector<std::int64_t> answers;  // per bucket of time since the start
  // Rank of arrival and rank of service, both from 1 on; of those who were accepted.
  std::vector<std::pair<std::int64_t, std::int64_t>> served;
};

// Each row has as many cells as there are columns. A table without rows is left out.
struct PageTable {
  std::string caption;
  std::vector<io::html::HtmlColumn> columns;
  std::vector<std::vector<std::string>> rows;
};

struct SimulationPage {
  std::string title, subtitle, footer;
  std::vector<io::html::Tile> tiles;
  std::vector<PageTable> tables;  // first of all the comparison
  std::vector<PageRun> runs;
  PageTable settings, machine;
};

// The whole document. Its size does not grow with the number of answers beyond a few 100 kB per strategy.
std::string make_page(const SimulationPage& page);

}  // namespace invctl::sim
