// Operations as `apply` reads them, from NDJSON or CSV, under any mapping: the size of the pieces changes
// nothing, what is wrong is said safely, and an operation that is read can be written out and reads the same.
#include <nlohmann/json.hpp>

#include "apply/operation_reader.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "fuzz.hpp"

namespace invctl::fuzz {

namespace {

using intake::Field;
using intake::Mapping;
using intake::ReadOperation;

struct Form {
  Mapping mapping;
  bool csv = false;
  char delimiter = ',';
};

Form choose_form(Choices& choices) {
  Form form;
  auto& mapping = form.mapping;
  form.csv = choices.below(4) == 3;
  form.delimiter = ",;\t|"[choices.below(4)];
  switch (choices.below(6)) {
    case 1:
      mapping.kind = Kind::receive;
      break;
    case 2:
      mapping.kind = Kind::adjust;
      mapping.quantity_sets = choices.flag();
      break;
    case 3:
      mapping.kind = intake::KindBySign::parse("ship,receive");
      break;
    case 4:
      mapping.kind = intake::KindMap(
          "rules",
          {{"order", "C*", Kind::adjust}, {"sku", "?", std::nullopt}, {"order", "*", Kind::purchase}});
      break;
    default:
      break;
  }
  if (choices.flag()) mapping.default_warehouse = "EAST";
  if (choices.flag()) mapping.group_by = "order";
  if (choices.flag()) mapping.currency = Currency::parse("USD");
  if (choices.flag()) mapping.defaults[intake::index_of(Field::reason)] = "fuzz";
  if (choices.flag()) mapping.constants[intake::index_of(Field::user)] = "kim";
  if (choices.flag()) mapping.columns["sku"] = "item";
  return form;
}

std::vector<ReadOperation> read_all(std::string_view text, const Form& form, std::size_t chunk) {
  io::MemorySource bytes(text, chunk);
  intake::RowForm row_form;
  const auto rows = form.csv ? intake::make_csv_rows(bytes, "f", form.delimiter, form.mapping, row_form)
                             : intake::make_ndjson_rows(bytes, "f", form.mapping, row_form);
  intake::OperationReader reader(*rows, form.mapping, {.file = "f", .actor = "fuzz", .keep_rows = true});
  std::vector<ReadOperation> all;
  for (ReadOperation operation; reader.next(operation); operation = {}) all.push_back(std::move(operation));
  return all;
}

std::string summary(const std::vector<ReadOperation>& operations) {
  std::string text;
  for (const auto& read : operations) {
    text += std::to_string(read.ordinal) + " " + std::to_string(read.line) + "\n";
    for (const auto& fault : read.faults.kept()) text += fault.to_string() + "\n";
    for (const auto& row : read.rows) text += row + "\n";
    if (read.well_formed()) text += to_hex(request_hash(read.operation)) + "\n";
  }
  return text;
}

std::string written(const Operation& operation, const std::optional<Currency>& currency) {
  nlohmann::ordered_json object = {{"kind", kind_name(operation.kind)}};
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) object[name] = *value;
  };
  add("reference", operation.reference);
  add("reason", operation.reason);
  add("note", operation.note);
  add("user", operation.user);
  add("id", operation.key);
  if (operation.occurred_at) object["occurred_at"] = format_time(*operation.occurred_at);
  for (const auto& line : operation.lines) {
    nlohmann::ordered_json entry = {{"sku", line.sku.str()}, {"quantity", line.quantity}};
    const bool positive =
        operation.kind == Kind::adjust && line.quantity >= 0 && line.mode == Line::Mode::delta;
    if (positive) entry["quantity"] = "+" + std::to_string(line.quantity);
    if (line.warehouse) entry["warehouse"] = line.warehouse->str();
    if (line.unit_cost_minor && currency) entry["unit_cost"] = currency->format(*line.unit_cost_minor);
    object["lines"].push_back(std::move(entry));
  }
  return object.dump();
}

void check_round_trip(const Operation& operation, const Mapping& mapping) {
  Form plain;
  plain.mapping.currency = mapping.currency;
  plain.mapping.quantity_sets = mapping.quantity_sets;
  const auto text = written(operation, mapping.currency);
  const auto again = read_all(text, plain, std::string_view::npos);
  require(again.size() == 1, "an operation that is written out is one", text);
  const auto& faults = again.front().faults.kept();
  require(again.front().well_formed(), "an operation that is written out is well-formed",
          text + (faults.empty() ? "" : "\n" + faults.front().to_string()));
  const auto& read = again.front().operation;
  require(request_hash(read) == request_hash(operation) && read.note == operation.note &&
              read.key == operation.key && read.occurred_at == operation.occurred_at,
          "an operation that is written out reads the same", text);
}

void check_operations(std::string_view input) {
  Choices choices(input);
  const auto form = choose_form(choices);
  const auto chunk = 1 + choices.below(16);
  try {
    const auto operations = read_all(choices.rest(), form, std::string_view::npos);
    require(summary(read_all(choices.rest(), form, chunk)) == summary(operations), "pieces change nothing");
    for (const auto& read : operations) {
      for (const auto& fault : read.faults.kept())
        require(is_safe(fault.to_string()), "a fault is safe", fault.to_string());
      if (!read.well_formed()) continue;
      check_operation(read.operation);
      check_round_trip(read.operation, form.mapping);
    }
  } catch (const Error& error) {
    require(error.exit == Exit::bad_input || error.exit == Exit::usage, "a bad file is said to be one",
            error.message);
    require_safe(error);
  }
}

[[maybe_unused]] const bool added = add_target("ndjson", check_operations);

}  // namespace
}  // namespace invctl::fuzz
