#include "apply/operation_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace invctl::intake {

namespace {

// What a parser of values says about a text, without the name that the fault gives already.
template <class Parse>
auto parse_field(std::string_view text, io::FaultList& faults, const RowSource& source, Field field,
                 std::size_t at, Parse&& parse) -> std::optional<decltype(parse(text))> {
  try {
    return parse(text);
  } catch (const Error& error) {
    faults.add(source.fault(field, at, std::string(text::trim(error.message))));
    return std::nullopt;
  }
}

// A whole number with or without a sign.
std::optional<Quantity> parse_quantity(std::string_view text, std::string& why) {
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  return has_sign ? parse_signed(text, why) : parse_whole(text, why);
}

}  // namespace

OperationReader::OperationReader(RowSource& source, const Mapping& mapping, Options options)
    : source_(source), mapping_(mapping), options_(std::move(options)) {
  if (const auto* map = std::get_if<KindMap>(&mapping.kind)) {
    const auto columns = map->columns();
    const auto first = columns.begin();
    for (const auto& rule : map->rules()) {
      const auto at = std::find(first, columns.end(), rule.column) - first;
      rule_columns_.push_back(static_cast<std::size_t>(at) + (mapping.group_by ? 1 : 0));
    }
  }
}

std::string OperationReader::group_of_row() const {
  return mapping_.group_by ? std::string(source_.other(0)) : std::string();
}

bool OperationReader::next(ReadOperation& operation) {
  open_ = false;
  while (!ends_file_) {
    const auto status = waiting_ ? RowSource::Status::row : source_.next();
    const bool waited = waiting_;
    waiting_ = false;
    if (status == RowSource::Status::end) break;
    if (!waited) ++rows_;
    if (status == RowSource::Status::unreadable) {
      const bool inside = open_ && mapping_.group_by;
      add_unreadable(operation);
      if (!inside) break;
      continue;
    }
    if (open_ && group_of_row() != group_) {
      waiting_ = true;
      break;
    }
    if (!decide_kind()) {
      ++skipped_;
      continue;
    }
    if (!open_) start(operation);
    add_row(operation);
    if (!mapping_.group_by) break;
  }
  if (open_) finish(operation);
  return open_;
}

void OperationReader::start(ReadOperation& operation) {
  operation = {};
  operation.ordinal = ++ordinal_;
  operation.line = source_.line();
  operation.operation.actor = options_.actor;
  open_ = true;
  first_line_of_.fill(0);
}

// Without an open operation it stands for one of its own.
void OperationReader::add_unreadable(ReadOperation& operation) {
  if (!open_) start(operation);
  if (options_.keep_rows) operation.rows.emplace_back(source_.raw());
  for (const auto& fault : source_.faults()) operation.faults.add(fault);
  ends_file_ = source_.ends_file();
  after_unreadable_ = mapping_.group_by.has_value();
}

// False where the row is to be skipped.
bool OperationReader::decide_kind() {
  kind_.reset();
  kind_problem_.clear();
  by_sign_ = true;
  if (const auto* fixed = std::get_if<Kind>(&mapping_.kind)) {
    kind_ = *fixed;
    by_sign_ = false;
    const auto name = source_.text(Field::kind);
    if (!name.empty() && name != kind_name(*fixed)) {
      kind_problem_ = fmt::format("{} is not {}", text::quoted(name), kind_name(*fixed));
    }
  } else if (const auto* sign = std::get_if<KindBySign>(&mapping_.kind)) {
    // A quantity that is no number is a fault of its own; zero has no sign.
    kind_ = source_.text(Field::quantity).starts_with('-') ? sign->negative : sign->positive;
  } else if (const auto* map = std::get_if<KindMap>(&mapping_.kind)) {
    for (std::size_t i = 0; i < rule_columns_.size(); ++i) {
      const auto& rule = map->rules()[i];
      if (!matches_pattern(source_.other(rule_columns_[i]), rule.pattern)) continue;
      kind_ = rule.kind;
      return rule.kind.has_value();
    }
    kind_problem_ = fmt::format("no rule of {} matches this row", text::printable(map->name()));
  } else {
    by_sign_ = false;
    const auto name = source_.text(Field::kind);
    try {
      if (name.empty()) throw Error(Exit::usage, "is empty");
      kind_ = parse_applied_kind(name);
    } catch (const Error& error) {
      kind_problem_ = error.message;
    }
  }
  return true;
}

void OperationReader::add_row(ReadOperation& operation) {
  const bool first = operation.places.empty();
  if (first) {
    group_ = group_of_row();
    if (after_unreadable_) {
      operation.faults.add({options_.file,
                            source_.line(),
                            0,
                            {},
                            "the row before it cannot be read, and may belong to this operation"});
    }
  }
  after_unreadable_ = false;
  if (options_.keep_rows) operation.rows.emplace_back(source_.raw());
  if (!kind_problem_.empty()) operation.faults.add(source_.fault(Field::kind, 0, kind_problem_));
  if (kind_) {
    auto& line = first_line_of_[index_of(Field::kind)];
    if (line == 0) {
      line = source_.line();
      operation.operation.kind = *kind_;
    } else if (operation.operation.kind != *kind_) {
      operation.faults.add(
          source_.fault(Field::kind, 0,
                        fmt::format("{} differs from {} on line {}, in one operation", kind_name(*kind_),
                                    kind_name(operation.operation.kind), line)));
    }
  }
  read_texts(operation);
  for (std::size_t at = 0; at < source_.lines(); ++at) add_line(operation, at);
}

std::optional<Quantity> OperationReader::read_quantity(std::size_t at, ReadOperation& operation) {
  const auto fail = [&](std::string message) {
    operation.faults.add(source_.fault(Field::quantity, at, std::move(message)));
    return std::nullopt;
  };
  const auto text = source_.text(Field::quantity, at);
  if (text.empty()) return fail("is empty");
  std::string why;
  const auto quantity = parse_quantity(text, why);
  if (!quantity) return fail(std::move(why));
  if (mapping_.quantity_sets) {
    return *quantity >= 0 ? quantity
                          : fail(fmt::format("{} is negative, and cannot be what is on hand", *quantity));
  }
  if (*quantity == 0) return fail("0 moves nothing");
  if (!kind_ || *kind_ == Kind::adjust) return quantity;
  if (by_sign_) return *quantity < 0 ? -*quantity : *quantity;
  if (*quantity > 0) return quantity;
  return fail(fmt::format("{} cannot be {}: {}", *quantity, *kind_ == Kind::receive ? "received" : "taken",
                          "--kind-map and --kind-from-sign read signs"));
}

// Only what is received has a cost: elsewhere the column may hold something else.
std::optional<Minor> OperationReader::read_unit_cost(std::size_t at, ReadOperation& operation) {
  const auto text = source_.text(Field::unit_cost, at);
  if (kind_ != Kind::receive || text.empty()) return std::nullopt;
  std::string why = "cannot be read here";
  const auto cost = mapping_.currency ? mapping_.currency->parse_amount(text, why) : std::nullopt;
  if (!cost) operation.faults.add(source_.fault(Field::unit_cost, at, std::move(why)));
  return cost;
}

void OperationReader::add_line(ReadOperation& operation, std::size_t at) {
  auto& faults = operation.faults;
  const auto quantity = read_quantity(at, operation);
  const auto unit_cost = read_unit_cost(at, operation);
  std::optional<WarehouseCode> warehouse;
  auto code = source_.text(Field::warehouse, at);
  if (code.empty() && kind_ != Kind::purchase && mapping_.default_warehouse)
    code = *mapping_.default_warehouse;
  if (!code.empty()) {
    warehouse = parse_field(code, faults, source_, Field::warehouse, at, WarehouseCode::parse);
  } else if (kind_ && *kind_ != Kind::purchase) {
    faults.add(source_.fault(Field::warehouse, at, "is empty; --set warehouse=CODE names one for all rows"));
  }
  const auto sku_text = source_.text(Field::sku, at);
  if (sku_text.empty()) {
    faults.add(source_.fault(Field::sku, at, "is empty"));
    return;
  }
  const auto sku = parse_field(sku_text, faults, source_, Field::sku, at, Sku::parse);
  if (!sku) return;
  operation.places.push_back({operation.rows.empty() ? 0 : operation.rows.size() - 1, source_.line(),
                              source_.column(Field::sku), warehouse ? warehouse->str() : std::string(),
                              sku->str()});
  Line line{std::move(warehouse), *sku, quantity.value_or(0), Line::Mode::delta, std::nullopt};
  line.unit_cost_minor = unit_cost;
  if (mapping_.quantity_sets) line.mode = Line::Mode::set;
  operation.operation.lines.push_back(std::move(line));
}

// Takes `value` unless an earlier row of the operation gave another one.
void OperationReader::merge(ReadOperation& operation, Field field, std::optional<std::string>& into,
                            std::string value) {
  auto& line = first_line_of_[index_of(field)];
  if (!into) {
    into = std::move(value);
    line = source_.line();
  } else if (*into != value) {
    operation.faults.add(source_.fault(field, 0,
                                       fmt::format("{} differs from {} on line {}, in one operation",
                                                   text::quoted(value), text::quoted(*into), line)));
  }
}

void OperationReader::read_texts(ReadOperation& read) {
  auto& operation = read.operation;
  const auto take = [&](Field field, std::optional<std::string>& into, auto&& parse) {
    const auto text = source_.text(field);
    if (text.empty()) return;
    auto value = parse_field(text, read.faults, source_, field, 0,
                             [&](std::string_view s) { return parse(s, std::string_view()); });
    if (value) merge(read, field, into, std::move(*value));
  };
  take(Field::id, operation.key, parse_code);
  take(Field::reference, operation.reference, parse_text);
  // Only an adjustment has a reason, only a purchase a user: a column may hold something else elsewhere.
  if (kind_ == Kind::adjust) take(Field::reason, operation.reason, parse_text);
  if (kind_ == Kind::purchase) take(Field::user, operation.user, parse_code);
  if (!operation.note) take(Field::note, operation.note, parse_text);
  const auto when = source_.text(Field::occurred_at);
  if (when.empty() || operation.occurred_at) return;
  std::string why;
  operation.occurred_at = parse_time(when, why);
  if (!operation.occurred_at) read.faults.add(source_.fault(Field::occurred_at, 0, std::move(why)));
}

// What can be said only once all rows of the operation are there.
void OperationReader::finish(ReadOperation& read) {
  if (!read.well_formed()) return;
  auto& operation = read.operation;
  const auto fail = [&](Field field, std::string message) {
    read.faults.add({options_.file, read.line, 0, std::string(name_of(field)), std::move(message)});
  };
  if (operation.kind == Kind::adjust && !operation.reason) {
    fail(Field::reason, "is empty, and an adjustment needs one; --reason-default TEXT fills it");
  }
  if (operation.kind == Kind::purchase && !operation.user)
    fail(Field::user, "is empty, and a purchase needs one");
  const bool has_id = operation.key.has_value();
  if (!has_ids_) has_ids_ = has_id;
  if (options_.ids_may_differ) has_ids_ = has_id;
  if (*has_ids_ && !has_id) fail(Field::id, "is empty, but other operations of this file have one");
  if (!*has_ids_ && has_id) fail(Field::id, "is given, but the operations before it have none");
  try {
    normalise_lines(operation.lines);
    if (read.well_formed()) check_operation(operation);
  } catch (const Error& error) {
    read.faults.add({options_.file, read.line, 0, {}, error.message});
  }
}

}  // namespace invctl::intake
