// `report --html FILE`: a period as one page.
#include <fmt/format.h>

#include "new_file.hpp"
#include "report.hpp"
#include "report/calendar.hpp"
#include "report/page.hpp"

namespace invctl::cmd {

Exit write_page(Context& context, const std::string& path, const ReportOptions& options) {
  report::PageRequest request;
  request.range = range_of(options);
  request.name = options.period.value_or("");
  request.source = fmt::format("invctl {}", version);
  const auto store = context.open_for_reading();
  request.currency = store->info().currency;
  request.now = store->clock();
  std::string page;
  in_snapshot(*store, [&] { page = report::make_page(*store, *store, *store, request); });
  if (path == "-") {
    context.out.write(page);
    return Exit::ok;
  }
  NewFile file(path);
  io::Output out(file.fd(), path);
  out.write(page);
  out.flush();
  file.keep();
  io::print_object(context.out, context.format(),
                   {{"file", path}, {"bytes", static_cast<std::int64_t>(page.size())}},
                   context.table_options());
  return Exit::ok;
}

}  // namespace invctl::cmd
