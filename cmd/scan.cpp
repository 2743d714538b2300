#include "scan.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>

#include "core/shell_word.hpp"
#include "core/text.hpp"
#include "simulate_stop.hpp"
#include "stock/scan.hpp"

namespace invctl::cmd {

namespace {

constexpr std::size_t longest_line = 4096;  // bytes; the longest GS1 symbol holds fewer

// Lines of standard input, of which a signal is no part.
class ScanLines {
 public:
  ScanLines() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~ScanLines() {
    if (signal_fd_ >= 0) close(signal_fd_);
  }
  ScanLines(const ScanLines&) = delete;
  ScanLines& operator=(const ScanLines&) = delete;

  // The next line without its end; nothing at the end of the input, or once a signal came: then signal()
  // names it.
  std::optional<std::string> next() {
    for (;;) {
      const auto end = buffer_.find_first_of("\r\n");
      if (end != std::string::npos || (ended_ && !buffer_.empty())) {
        auto line = buffer_.substr(0, end);
        buffer_.erase(0, end == std::string::npos ? buffer_.size() : end + 1);
        return line;
      }
      if (ended_ || !fill()) return std::nullopt;
    }
  }

  int signal() { return signal_ != 0 ? signal_ : signal_ = stop_.requested(); }

 private:
  bool fill() {
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {signal_fd_, POLLIN, 0}};
    poll(watched, 2, -1);
    if (signal() != 0) return false;
    char bytes[4096];
    const auto size = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) return true;
    if (size < 0) {
      throw Error(Exit::bad_input, "cannot_read",
                  fmt::format("cannot read the scans: {}", std::strerror(errno)));
    }
    ended_ = size == 0;
    buffer_.append(bytes, static_cast<std::size_t>(size));
    if (buffer_.size() > longest_line && buffer_.find_first_of("\r\n") == std::string::npos) {
      throw Error(Exit::bad_input, "bad_scans",
                  fmt::format("a line of more than {} bytes is no scan", longest_line));
    }
    return true;
  }

  StopSignals stop_;
  int signal_fd_ = -1;
  int signal_ = 0;
  bool ended_ = false;
  std::string buffer_;
};

class ScanSession {
 public:
  explicit ScanSession(Context& context) : context_(context) { load(); }

  void take(std::string_view typed) {
    ++line_;
    const auto line = text::trim(typed);
    if (line.empty()) return;
    std::string why;
    bool unknown = false;
    if (text::invalid_utf8_at(line)) {
      return refuse("it is not UTF-8");
    }
    auto scanned = parse_scan(line, index_, why, unknown);
    if (!scanned && line == "undo") return undo();
    if (!scanned && unknown) {
      load();  // it may have been added since
      scanned = parse_scan(line, index_, why, unknown);
    }
    if (!scanned) return refuse(why);
    count(*scanned);
  }

  std::vector<ScannedLine> lines() const {
    std::vector<ScannedLine> lines;
    for (const auto& sku : order_) {
      if (const auto sum = sums_.at(sku); sum > 0) lines.push_back({sku, sum});
    }
    return lines;
  }

  // Throws what was not understood.
  void check() const {
    Error error(Exit::bad_input, "bad_scans", "", "scan these again, or take them back with a line `undo`");
    for (const auto& scan : done_) {
      if (!scan.why.empty()) error.add_line({fmt::format("stdin:{}: {}", scan.line, scan.why), {}});
    }
    if (error.lines.empty()) return;
    error.message = fmt::format("{} not understood, nothing is posted",
                                text::count(static_cast<long long>(error.lines.size()), "scan"));
    throw error;
  }

 private:
  struct Done {
    std::string sku;
    Quantity quantity = 0;
    std::string why;  // it was not understood
    std::int64_t line = 0;
  };

  void load() {
    index_ = {};
    names_.clear();
    ProductFilter filter;
    filter.include_retired = true;  // posting says what is wrong with those
    context_.open_for_reading()->products(filter, [&](const ProductEntry& product) {
      index_.add(product.sku, product.barcode);
      names_[product.sku] = product.name;
    });
  }

  void count(const Scanned& scanned) {
    const auto [sum, fresh] = sums_.try_emplace(scanned.sku, 0);
    const auto next = checked_add(sum->second, scanned.quantity);
    if (!next) return refuse(fmt::format("more of {} than 64 bits hold", text::quoted(scanned.sku)));
    if (fresh) order_.push_back(scanned.sku);
    sum->second = *next;
    done_.push_back({scanned.sku, scanned.quantity, {}, line_});
    tell(scanned.sku, scanned.quantity, *next);
  }

  void undo() {
    if (done_.empty()) return context_.note(fmt::format("stdin:{}: nothing to undo", line_));
    const auto last = done_.back();
    done_.pop_back();
    if (!last.why.empty()) return context_.note(fmt::format("line {} is taken back", last.line));
    auto& sum = sums_.at(last.sku);
    sum -= last.quantity;
    tell(last.sku, -last.quantity, sum);
  }

  void tell(const std::string& sku, Quantity change, Quantity sum) {
    context_.note(
        fmt::format("{}  {}  {:+} = {}", text::printable(sku), text::printable(names_[sku]), change, sum));
  }

  // Told at once, bell included: who scans looks at the shelf, not at the screen.
  void refuse(const std::string& why) {
    done_.push_back({{}, 0, why, line_});
    const bool bell = ::isatty(STDERR_FILENO) == 1;
    io::write_all(STDERR_FILENO, fmt::format("invctl: stdin:{}: {}{}\n", line_, why, bell ? "\a" : ""));
  }

  Context& context_;
  ScanIndex index_;
  std::map<std::string, std::string> names_;
  std::map<std::string, Quantity> sums_;
  std::vector<std::string> order_;
  std::vector<Done> done_;
  std::int64_t line_ = 0;
};

}  // namespace

std::vector<ScannedLine> read_scans(Context& context, const std::string& command) {
  ScanSession session(context);
  return keep_scans(
      context, command, [&] { return session.lines(); },
      [&] {
        int ended_by = 0;
        {
          ScanLines lines;
          while (const auto line = lines.next()) session.take(*line);
          ended_by = lines.signal();
        }
        if (ended_by != 0) {
          tell_scans(command, session.lines());
          std::raise(ended_by);  // which ends the program
        }
        session.check();
        auto lines = session.lines();
        if (lines.empty())
          throw Error(Exit::usage, "nothing was scanned", "one code, or QTY*CODE, on each line");
        return lines;
      });
}

void tell_scans(const std::string& command, const std::vector<ScannedLine>& lines) {
  if (lines.empty()) return;
  std::string words;
  for (const auto& line : lines) words += " " + shell_word(fmt::format("{}={}", line.sku, line.quantity));
  io::write_all(STDERR_FILENO, fmt::format("invctl: without scanning again: {}{}\n", command, words));
}

}  // namespace invctl::cmd
