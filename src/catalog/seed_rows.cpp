#include "catalog/seed_rows.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace invctl {

// The fields of a row, checked. Which are used depends on the kind; texts that are not given are empty.
struct SeedRows::Values {
  std::size_t line = 0;
  std::string code;  // of the warehouse
  std::string sku;
  WarehouseRow warehouse;
  ProductRow product;
  Quantity quantity = 0;
};

namespace {

// Takes the fields of one row, and a fault for each that is not what it should be.
class FieldReader {
 public:
  FieldReader(const io::CsvReader& row, const io::CsvHeader& header, io::FaultList& faults)
      : row_(row), header_(header), faults_(faults) {}

  std::string code(std::size_t field) { return parsed(field, parse_code); }
  std::string optional_code(std::size_t field) {
    return header_.value(row_, field).empty() ? std::string() : code(field);
  }
  std::string text(std::size_t field) {
    return header_.value(row_, field).empty() ? std::string() : parsed(field, parse_text);
  }
  Quantity whole(std::size_t field) {
    std::string why;
    const auto value = parse_whole(header_.value(row_, field), why);
    if (!value) fault(field, std::move(why));
    return value.value_or(0);
  }
  std::optional<Quantity> optional_whole(std::size_t field) {
    if (header_.value(row_, field).empty()) return std::nullopt;
    return whole(field);
  }
  std::optional<Minor> optional_amount(std::size_t field, const Currency& currency) {
    const auto bytes = header_.value(row_, field);
    if (bytes.empty()) return std::nullopt;
    std::string why;
    const auto value = currency.parse_amount(bytes, why);
    if (!value) fault(field, std::move(why));
    return value;
  }

 private:
  template <class Parse>
  std::string parsed(std::size_t field, Parse parse) {
    try {
      return parse(header_.value(row_, field), {});
    } catch (const Error& error) {
      // The message names what it is about, which the fault does already.
      fault(field, std::string(text::trim(error.message)));
      return {};
    }
  }
  void fault(std::size_t field, std::string message) {
    faults_.add(header_.fault_at(row_, field, std::move(message)));
  }

  const io::CsvReader& row_;
  const io::CsvHeader& header_;
  io::FaultList& faults_;
};

template <class T>
void replace_given(T& old, T& given) {
  if (given != T()) old = std::move(given);
}

}  // namespace

bool SeedRows::read(SeedInput& input, Values& values, io::FaultList& faults) const {
  const auto& row = input.reader();
  const auto before = faults.count();
  if (!input.header().check_row(row, faults)) return false;
  FieldReader fields(row, input.header(), faults);
  values.line = row.line();
  switch (input.kind()) {
    case SeedKind::warehouse:
      values.code = fields.code(field::code);
      values.warehouse = {fields.text(field::name), fields.text(field::address), values.line};
      break;
    case SeedKind::product:
      values.sku = fields.code(field::sku);
      values.product = {fields.text(field::title),
                        fields.text(field::category),
                        fields.text(field::unit),
                        fields.optional_amount(field::price, rules_.currency),
                        fields.optional_whole(field::reorder_point),
                        fields.optional_code(field::barcode),
                        values.line};
      break;
    case SeedKind::stock:
      values.code = fields.code(field::warehouse);
      values.sku = fields.code(field::item);
      values.quantity = fields.whole(field::quantity);
      break;
  }
  return faults.count() == before;
}

bool SeedRows::take(SeedInput& input) {
  Values values;
  io::FaultList ignored;
  if (!read(input, values, ignored)) {
    note_bad(input.kind(), values);
    return false;
  }
  switch (input.kind()) {
    case SeedKind::warehouse:
      return take_warehouse(values);
    case SeedKind::product:
      return take_product(values);
    case SeedKind::stock:
      return take_stock(values);
  }
  return false;
}

void SeedRows::note_bad(SeedKind kind, const Values& values) {
  if (kind == SeedKind::warehouse && !values.code.empty()) tables_.bad_warehouse_codes.add(values.code);
  if (kind == SeedKind::product && !values.sku.empty()) tables_.bad_skus.add(values.sku);
  // Its codes are looked up all the same: a row is told all that is wrong with it.
  if (kind == SeedKind::stock && !values.code.empty()) tables_.warehouse_codes.add(values.code);
  if (kind == SeedKind::stock && !values.sku.empty()) tables_.skus.add(values.sku);
}

bool SeedRows::take_warehouse(Values& values) {
  const auto number = tables_.warehouse_codes.add(values.code);
  if (number == tables_.warehouses.size()) {
    tables_.warehouses.push_back(std::move(values.warehouse));
    return true;
  }
  if (rules_.on_duplicate == OnDuplicate::last) {
    auto& old = tables_.warehouses[number];
    replace_given(old.name, values.warehouse.name);
    replace_given(old.address, values.warehouse.address);
    old.line = values.line;
  }
  return rules_.on_duplicate != OnDuplicate::fail;
}

bool SeedRows::take_product(Values& values) {
  const auto number = tables_.skus.add(values.sku);
  if (number == tables_.products.size()) {
    tables_.products.push_back(std::move(values.product));
    return true;
  }
  if (rules_.on_duplicate == OnDuplicate::last) {
    auto& old = tables_.products[number];
    replace_given(old.name, values.product.name);
    replace_given(old.category, values.product.category);
    replace_given(old.unit, values.product.unit);
    replace_given(old.barcode, values.product.barcode);
    replace_given(old.price_minor, values.product.price_minor);
    replace_given(old.reorder_point, values.product.reorder_point);
    old.line = values.line;
  }
  return rules_.on_duplicate != OnDuplicate::fail;
}

bool SeedRows::take_stock(const Values& values) {
  const auto warehouse = tables_.warehouse_codes.add(values.code);
  const auto sku = tables_.skus.add(values.sku);
  const auto found = tables_.find_stock(warehouse, sku);
  if (!found) {
    tables_.add_stock({warehouse, sku, values.quantity, values.line});
    return true;
  }
  if (rules_.on_duplicate == OnDuplicate::last) {
    tables_.stock[*found].quantity = values.quantity;
    tables_.stock[*found].line = values.line;
  }
  return rules_.on_duplicate != OnDuplicate::fail;
}

namespace {

std::string duplicate_of(std::string_view what, std::size_t line) {
  return fmt::format("{} is on line {} already; --on-duplicate first or last chooses one", what, line);
}

}  // namespace

void SeedRows::explain(SeedInput& input, const SeedVerdicts* verdicts, io::FaultList& faults) {
  Values values;
  const bool readable = read(input, values, faults);
  if (input.kind() == SeedKind::stock && verdicts != nullptr) {
    explain_codes(input, values, *verdicts, readable, faults);
  }
  if (!readable) return;
  const auto& row = input.reader();
  const auto refuse_duplicate = [&](const std::string& code, std::size_t line) {
    if (rules_.on_duplicate != OnDuplicate::fail || line == values.line) return;
    faults.add(input.header().fault_at(row, 0, duplicate_of(text::quoted(code), line)));
  };
  switch (input.kind()) {
    case SeedKind::warehouse:
      refuse_duplicate(values.code, tables_.warehouses[*tables_.warehouse_codes.find(values.code)].line);
      break;
    case SeedKind::product:
      refuse_duplicate(values.sku, tables_.products[*tables_.skus.find(values.sku)].line);
      break;
    case SeedKind::stock:
      explain_stock(input, row, values, verdicts, faults);
      break;
  }
}

// What is wrong with the codes of a row of stock, as far as they could be read. Of a readable row it is told
// later that one is retired, with what counts on which line.
void SeedRows::explain_codes(SeedInput& input, const Values& values, const SeedVerdicts& verdicts,
                             bool readable, io::FaultList& faults) const {
  const auto explain = [&](std::size_t field, const std::string& what, const std::string& code,
                           const CodeTable& codes, const CodeTable& bad_codes,
                           const std::vector<SeedVerdicts::Code>& states) {
    const auto number = code.empty() ? std::nullopt : codes.find(code);
    if (!number) return;
    const auto add = [&](std::string message) {
      faults.add(input.header().fault_at(input.reader(), field, std::move(message)));
    };
    const auto state = states[*number];
    if (state == SeedVerdicts::Code::unknown && !bad_codes.find(code)) {
      add(fmt::format("there is no {} {}", what, text::quoted(code)));
    } else if (state == SeedVerdicts::Code::unknown && rules_.skip_bad_rows) {
      add(fmt::format("the row of {} {} is rejected", what, text::quoted(code)));
    } else if (state == SeedVerdicts::Code::retired && !readable) {
      add(fmt::format("{} {} is retired", what, text::quoted(code)));
    }
  };
  explain(field::warehouse, "warehouse", values.code, tables_.warehouse_codes, tables_.bad_warehouse_codes,
          verdicts.warehouses);
  explain(field::item, "product", values.sku, tables_.skus, tables_.bad_skus, verdicts.skus);
}

void SeedRows::explain_stock(const SeedInput& input, const io::CsvReader& row, const Values& values,
                             const SeedVerdicts* verdicts, io::FaultList& faults) const {
  const auto add = [&](std::size_t field, std::string message) {
    faults.add(input.header().fault_at(row, field, std::move(message)));
  };
  const auto number =
      *tables_.find_stock(*tables_.warehouse_codes.find(values.code), *tables_.skus.find(values.sku));
  const auto counts_on_line = tables_.stock[number].line;
  if (counts_on_line != values.line) {
    if (rules_.on_duplicate == OnDuplicate::fail) {
      add(field::item,
          duplicate_of(fmt::format("{} in {}", text::quoted(values.sku), text::quoted(values.code)),
                       counts_on_line));
    }
    return;
  }
  const auto* refusal = verdicts != nullptr ? verdicts->refusal(number) : nullptr;
  if (refusal == nullptr) return;
  switch (refusal->reason) {
    case SeedVerdicts::Reason::retired_warehouse:
      add(field::warehouse, fmt::format("warehouse {} is retired", text::quoted(values.code)));
      break;
    case SeedVerdicts::Reason::retired_product:
      add(field::item, fmt::format("product {} is retired", text::quoted(values.sku)));
      break;
    case SeedVerdicts::Reason::opening_differs:
      add(field::quantity,
          fmt::format("the opening stock was posted as {} before, not {}; correct it with adjust",
                      refusal->value, values.quantity));
      break;
    case SeedVerdicts::Reason::overflow:
      add(field::quantity,
          fmt::format("{} on hand and {} more do not fit 64 bits", refusal->value, values.quantity));
      break;
  }
}

}  // namespace invctl
