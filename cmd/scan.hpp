// --scan: lines from a barcode scanner instead of words.
#pragma once

#include <string>
#include <vector>

#include "context.hpp"
#include "core/types.hpp"

namespace invctl::cmd {

struct ScannedLine {
  std::string sku;
  Quantity quantity = 0;
};

// Reads standard input until it ends, one scan for each line; `undo` takes the last one back. What was
// counted, and what is not understood, is told on stderr at once. Gives each product once, in the order of
// its first scan.
//
// Throws Error(bad_input, "bad_scans") with each line that was not understood nor taken back; Error(usage)
// where nothing was scanned. Before it throws, and on SIGINT and SIGTERM (then the program ends with 130 or
// 143), it tells how to post what was scanned without scanning it again: `command` followed by the lines.
std::vector<ScannedLine> read_scans(Context& context, const std::string& command);

// Says on stderr how to post these lines without scanning them again.
void tell_scans(const std::string& command, const std::vector<ScannedLine>& lines);

// Runs `work`; where it throws before anything was committed, tells how to go on without scanning `lines()`
// again.
template <class Lines, class Work>
auto keep_scans(Context& context, const std::string& command, Lines&& lines, Work&& work) {
  try {
    return work();
  } catch (...) {
    if (!context.committed) tell_scans(command, lines());
    throw;
  }
}

}  // namespace invctl::cmd
