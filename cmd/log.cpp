#include "log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/text.hpp"
#include "core/trace.hpp"
#include "io/json_text.hpp"

namespace invctl::cmd {

namespace {

class LogSink : public TraceSink {
 public:
  LogSink(TraceLevel threshold, bool json, std::optional<std::string> file)
      : threshold_(threshold), json_(json), file_(std::move(file)) {}

  bool wants(TraceLevel level) const override { return level >= threshold_; }

  void write(TraceLevel level, std::string_view event,
             std::initializer_list<std::pair<std::string_view, FieldValue>> fields) override {
    std::call_once(opened_, [this] { open(); });
    logger_->log(to_spdlog(level), json_ ? json_line(level, event, fields) : text_line(event, fields));
  }

 private:
  static spdlog::level::level_enum to_spdlog(TraceLevel level) {
    switch (level) {
      case TraceLevel::debug:
        return spdlog::level::debug;
      case TraceLevel::info:
        return spdlog::level::info;
      case TraceLevel::warn:
        return spdlog::level::warn;
      case TraceLevel::error:
        break;
    }
    return spdlog::level::err;
  }

  void open() {
    if (file_) {
      logger_ = std::make_shared<spdlog::logger>("invctl",
                                                 std::make_shared<spdlog::sinks::basic_file_sink_mt>(*file_));
    } else {
      logger_ = std::make_shared<spdlog::logger>("invctl", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    }
    logger_->set_error_handler([this](const std::string& why) {
      // Once: what cannot be logged is no reason to fill the screen, nor to fail.
      if (!std::exchange(failed_, true)) {
        fmt::print(stderr, "invctl: the log cannot be written: {}\n", text::printable(why));
      }
    });
    logger_->set_level(spdlog::level::trace);
    logger_->flush_on(spdlog::level::trace);
    if (json_) {
      logger_->set_pattern("%v");
    } else {
      logger_->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ [%P] %l %v", spdlog::pattern_time_type::utc);
    }
  }

  static std::string text_line(std::string_view event,
                               std::initializer_list<std::pair<std::string_view, FieldValue>> fields) {
    std::string line(event);
    for (const auto& [name, value] : fields) line += fmt::format(" {}={}", name, io::json_value(value));
    return line;
  }

  static std::string json_line(TraceLevel level, std::string_view event,
                               std::initializer_list<std::pair<std::string_view, FieldValue>> fields) {
    static constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
    nlohmann::ordered_json line = {{"time", format_time(now_utc())},
                                   {"pid", getpid()},
                                   {"level", names[static_cast<int>(level)]},
                                   {"event", event}};
    for (const auto& [name, value] : fields) line[std::string(name)] = io::to_json(value);
    return io::json_text(line);
  }

  TraceLevel threshold_;
  bool json_;
  std::optional<std::string> file_;
  std::once_flag opened_;
  std::shared_ptr<spdlog::logger> logger_;
  bool failed_ = false;
};

// Made here, because spdlog would create it readable by everybody, and directories with it.
void make_log_file(const std::string& file) {
  // A pipe that nobody reads is no log: opening it would wait for a reader.
  const int fd =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0) {
    const int why = errno;
    throw Error(why == EACCES || why == EPERM ? Exit::not_permitted : Exit::usage,
                fmt::format("the log {} cannot be opened: {}", text::printable(file),
                            std::generic_category().message(why)),
                "--log-file names another; without it the log goes to stderr");
  }
  ::close(fd);
}

}  // namespace

void start_log(Context& context) {
  auto level = context.settings.required("log-level");
  if (level == "warn" && context.settings.boolean("verbose")) level = "info";
  if (level == "off") return;
  const bool all = level == "trace" || level == "debug";  // nothing is finer than debug
  const auto threshold = all               ? TraceLevel::debug
                         : level == "info" ? TraceLevel::info
                         : level == "warn" ? TraceLevel::warn
                                           : TraceLevel::error;
  const auto file = context.settings.text("log-file");
  if (file) make_log_file(*file);
  static std::unique_ptr<LogSink> sink;
  sink = std::make_unique<LogSink>(threshold, context.settings.required("log-format") == "json", file);
  set_trace_sink(sink.get());
}

}  // namespace invctl::cmd
