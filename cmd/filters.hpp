// What the commands that look have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "context.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "stock/reads.hpp"

namespace invctl::cmd {

// A filter that names what does not exist is a slip of the pen, not an empty answer: Error(not_found).
void check_exist(ReadStore& store, const std::optional<std::string>& warehouse,
                 const std::optional<std::string>& sku);

Error no_warehouse(const std::string& code);
Error no_product(const std::string& sku);

// A list, newest first, of which only the newest are shown where no --limit says how many, and then says so.
class NewestRows {
 public:
  static constexpr std::int64_t by_default = 100;

  explicit NewestRows(std::optional<std::int64_t> limit)
      : to_read_(limit.value_or(by_default + 1)), to_show_(limit.value_or(by_default)) {}

  std::int64_t to_read() const { return to_read_; }
  bool shows_next() { return ++rows_ <= to_show_; }
  void tell_of_more(Context& context, std::string_view next_page) const;

 private:
  std::int64_t to_read_, to_show_, rows_ = 0;
};

// Null where there is nothing.
template <class T>
FieldValue optional_value(const std::optional<T>& value) {
  return value ? FieldValue(*value) : FieldValue();
}

inline FieldValue optional_time(const std::optional<Micros>& time) {
  return time ? FieldValue(format_time(*time)) : FieldValue();
}

}  // namespace invctl::cmd
