#include "facts.hpp"

#include <algorithm>

namespace invctl::test {

namespace {

bool is_on_the_way(const Step& step, const std::vector<std::string>& found) {
  return std::any_of(step.on_the_way.begin(), step.on_the_way.end(),
                     [&](const Expected& state) { return found == state.facts(); });
}

}  // namespace

std::vector<std::string> read_facts(const std::function<Rows(const std::string&)>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows(
           "SELECT 'stock', w.code, p.sku, i.on_hand, i.reserved FROM inventory i JOIN warehouse w ON w.id = "
           "i.warehouse_id JOIN product p ON p.id = i.product_id WHERE i.on_hand <> 0 OR i.reserved <> 0 "
           "UNION ALL SELECT 'price', sku, price_minor, NULL, NULL FROM product WHERE price_minor IS NOT "
           "NULL "
           "UNION ALL SELECT 'key', idempotency_key, NULL, NULL, NULL FROM operation "
           "WHERE idempotency_key NOT LIKE 'auto-%' AND idempotency_key NOT LIKE 'run-%' "
           "UNION ALL SELECT 'price key', idempotency_key, NULL, NULL, NULL FROM price_change "
           "WHERE idempotency_key NOT LIKE 'auto-%' "
           "UNION ALL SELECT 'entry key', entry_key, NULL, NULL, NULL FROM count_entry "
           "UNION ALL SELECT 'operations', kind, outcome, COUNT(*), NULL FROM operation GROUP BY kind, "
           "outcome "
           "UNION ALL SELECT 'period', name, NULL, NULL, NULL FROM period "
           "UNION ALL SELECT 'threshold', w.code, p.sku, t.reorder_point, NULL FROM threshold t "
           "JOIN warehouse w ON w.id = t.warehouse_id JOIN product p ON p.id = t.product_id "
           "UNION ALL SELECT 'run', r.run_key, CASE WHEN EXISTS (SELECT 1 FROM run_event e "
           "WHERE e.run_id = r.id AND e.kind = 'ended') THEN 'ended' ELSE 'going' END, NULL, NULL "
           "FROM run r "
           "UNION ALL SELECT 'counts', COUNT(ended_at), COUNT(operation_id), NULL, NULL FROM stock_count "
           "UNION ALL SELECT 'warehouse', code, name, CASE WHEN retired_at IS NOT NULL THEN 'retired' END, "
           "NULL FROM warehouse "
           "UNION ALL SELECT 'product', sku, name, CASE WHEN retired_at IS NOT NULL THEN 'retired' END, NULL "
           "FROM product")) {
    std::string line;
    for (const auto& field : row) {
      if (field != "NULL") line += (line.empty() ? "" : " ") + field;
    }
    if (row[0] == "stock") line.replace(line.rfind(' '), 1, " reserved ");
    out.push_back(std::move(line));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<std::int64_t> number_in(const Result& result) {
  const auto answer = nlohmann::json::parse(result.out, nullptr, false);
  if (!answer.is_object()) return std::nullopt;
  for (const char* name : {"operation", "count"}) {
    const auto found = answer.find(name);
    if (found != answer.end() && found->is_number_integer()) return found->get<std::int64_t>();
  }
  return std::nullopt;
}

bool tells_low(const Result& result) {
  const auto answer = nlohmann::json::parse(result.out, nullptr, false);
  return answer.is_array() && std::any_of(answer.begin(), answer.end(),
                                          [](const auto& crossing) { return crossing.at("state") == "low"; });
}

bool ends_as_it_should(const Step& step, const Result& result, bool again) {
  if (step.name == "alerts") return result.exit == (tells_low(result) ? 20 : 0);
  return result.exit == step.exit || (again && step.also.contains(result.exit));
}

bool is_unchanged(const Step& step, const Expected& before, const std::vector<std::string>& found) {
  return found == before.facts() || is_on_the_way(step, found);
}

bool is_true(const Step& step, const Expected& before, const Result& result,
             const std::vector<std::string>& found) {
  const bool earlier = found == before.facts();
  const bool later = found == step.after.facts();
  const bool on_the_way = is_on_the_way(step, found);
  if (ends_as_it_should(step, result)) return later;
  switch (result.exit) {
    case 1:
    case 6:
    case 9:
    case 11:
      return earlier;
    case 10:
      return earlier || later || on_the_way;
    case 12:
      return later || on_the_way;
    default:
      return false;
  }
}

}  // namespace invctl::test
