// watch: stock and movements on a live screen.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "change.hpp"
#include "core/text.hpp"
#include "filters.hpp"
#include "full_screen.hpp"
#include "simulate_stop.hpp"
#include "sql_store.hpp"
#include "url.hpp"

namespace invctl::cmd {

namespace {

using Clock = std::chrono::steady_clock;

struct WatchOptions {
  std::optional<std::string> warehouse, sku;
  std::string interval = "1s";
};

constexpr std::int64_t most_movements = 500;  // that are read at a time
constexpr Micros rate_window = 10'000'000;    // over which rates are taken
constexpr int key_wait_ms = 100;

// Operations and movements a second over the last ten, as far back as the movements that were read reach.
void set_rates(watch::Data& data, Micros now) {
  std::int64_t purchases = 0, movements = 0, last_operation = -1;
  auto since = now - rate_window;
  if (data.movements.size() == static_cast<std::size_t>(most_movements)) {
    since = std::max(since, data.movements.back().recorded_at);
  }
  for (const auto& movement : data.movements) {
    if (movement.recorded_at < since) break;
    ++movements;
    purchases += movement.kind == "purchase" && movement.operation != last_operation;
    last_operation = movement.operation;
  }
  const double seconds = std::max(static_cast<double>(now - since) / 1e6, 0.001);
  data.purchases_per_s = static_cast<double>(purchases) / seconds;
  data.movements_per_s = static_cast<double>(movements) / seconds;
}

class Watch {
 public:
  Watch(Context& context, const WatchOptions& options, std::chrono::milliseconds interval)
      : context_(context), interval_(interval) {
    if (options.warehouse) stock_.warehouse = WarehouseCode::parse(*options.warehouse).str();
    if (options.sku) stock_.sku = Sku::parse(*options.sku).str();
    store_ = context.open_for_reading();
    check_exist(*store_, stock_.warehouse, stock_.sku);
    movements_.warehouse = stock_.warehouse;
    movements_.sku = stock_.sku;
    movements_.limit = most_movements;
    data_.source = db::redact_url(context.db_url());
    if (stock_.warehouse) data_.source += "  " + *stock_.warehouse;
    if (stock_.sku) data_.source += "  " + *stock_.sku;
  }

  Exit run() {
    read();
    StopSignals signals;
    FullScreen screen(context_.table_options().terminal.color);
    for (bool changed = true;;) {
      if (!view_.paused && Clock::now() >= next_read_) {
        read();
        changed = true;
      }
      if (changed) screen.show(watch::draw(data_, view_, screen.lines(), screen.columns()));
      const auto press = screen.key(key_wait_ms, view_.typing);
      if (const int number = signals.requested(); number != 0) return static_cast<Exit>(128 + number);
      if (press.key == Key::quit) return Exit::ok;
      changed = press.key != Key::none;
      if (changed) handle(press, watch::rows_shown(screen.lines()));
    }
  }

 private:
  void read() {
    const auto begin = Clock::now();
    // A session that was ended between two looks is no trouble: the second time it is a new one.
    if (!try_to_read()) try_to_read();
    // However large the database is, watching it takes at most a tenth of one client's time.
    const auto end = Clock::now();
    next_read_ = std::max(begin + interval_, end + (end - begin) * 9);
  }

  bool try_to_read() {
    try {
      if (lost_) store_->reconnect();
      lost_ = false;
      store_->begin_snapshot();
      read_snapshot();
      store_->rollback();
      data_.trouble.clear();
    } catch (const Error& error) {
      store_->rollback();
      lost_ = true;
      data_.trouble = error.message + "; trying again";
    }
    return !lost_;
  }

  void read_snapshot() {
    std::vector<StockEntry> stock;
    store_->stock(stock_, [&](const StockEntry& row) { stock.push_back(row); });
    std::deque<HistoryEntry> movements;
    store_->history(movements_, [&](const HistoryEntry& movement) { movements.push_back(movement); });
    const auto now = store_->clock();
    data_.stock = std::move(stock);
    data_.movements = std::move(movements);
    data_.clock = format_time(now).substr(0, 19) + "Z";
    set_rates(data_, now);
  }

  void handle(const KeyPress& press, std::size_t page) {
    if (view_.typing) return type(press);
    const auto rows = watch::select_rows(data_, view_).size();
    const auto last = rows > page ? rows - page : 0;
    view_.scroll = std::min(view_.scroll, last);
    switch (press.key) {
      case Key::filter:
        view_.typing = true;
        break;
      case Key::sort:
        view_.sort = static_cast<watch::Sort>((static_cast<int>(view_.sort) + 1) % watch::sorts);
        view_.scroll = 0;
        break;
      case Key::reverse:
        view_.reversed = !view_.reversed;
        view_.scroll = 0;
        break;
      case Key::low:
        view_.low_only = !view_.low_only;
        view_.scroll = 0;
        break;
      case Key::pause:
        view_.paused = !view_.paused;
        break;
      case Key::escape:
        view_.filter.clear();
        break;
      case Key::up:
        view_.scroll -= std::min<std::size_t>(1, view_.scroll);
        break;
      case Key::down:
        view_.scroll = std::min(view_.scroll + 1, last);
        break;
      case Key::page_up:
        view_.scroll -= std::min(page, view_.scroll);
        break;
      case Key::page_down:
        view_.scroll = std::min(view_.scroll + page, last);
        break;
      case Key::home:
        view_.scroll = 0;
        break;
      case Key::end:
        view_.scroll = last;
        break;
      default:
        break;
    }
  }

  void type(const KeyPress& press) {
    view_.scroll = 0;
    switch (press.key) {
      case Key::enter:
        view_.typing = false;
        break;
      case Key::escape:
        view_.typing = false;
        view_.filter.clear();
        break;
      case Key::erase:
        // A character is its first byte and those that go on with it.
        while (!view_.filter.empty() && (static_cast<unsigned char>(view_.filter.back()) & 0xc0U) == 0x80) {
          view_.filter.pop_back();
        }
        if (!view_.filter.empty()) view_.filter.pop_back();
        break;
      case Key::text:
        view_.filter += press.typed;
        break;
      default:
        break;
    }
  }

  Context& context_;
  std::chrono::milliseconds interval_;
  std::unique_ptr<db::SqlStore> store_;
  StockFilter stock_;
  HistoryFilter movements_;
  watch::Data data_;
  watch::View view_;
  bool lost_ = false;
  Clock::time_point next_read_;
};

}  // namespace

void setup_watch(CLI::App& app, Action& action) {
  auto options = std::make_shared<WatchOptions>();
  app.add_option("-w,--warehouse", options->warehouse, "only this warehouse")->type_name("WH");
  app.add_option("--sku", options->sku, "only this product")->type_name("SKU");
  app.add_option("--interval", options->interval, "how often to look: 1s")->type_name("DURATION");
  action = [options](Context& context) {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
      throw Error(Exit::usage, "watch needs a terminal",
                  "`invctl stock` and `invctl alerts` print the same to anything");
    }
    std::string why;
    const auto interval = parse_duration(options->interval, why);
    if (!interval) throw Error(Exit::usage, "--interval: " + why, "such as 500ms or 5s");
    return Watch(context, *options, *interval).run();
  };
}

}  // namespace invctl::cmd
