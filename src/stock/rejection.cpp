#include "stock/rejection.hpp"

#include <nlohmann/json.hpp>

namespace invctl {

using Json = nlohmann::ordered_json;

std::string rejection_to_json(const Error& rejection) {
  Json lines = Json::array();
  for (const auto& line : rejection.lines) {
    Json fields = Json::object();
    for (const auto& [name, value] : line.fields) {
      std::visit(
          [&, &field = name](const auto& v) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>) {
              fields[field] = nullptr;
            } else {
              fields[field] = v;
            }
          },
          value);
    }
    lines.push_back({{"message", line.message}, {"fields", std::move(fields)}});
  }
  return Json({{"exit", static_cast<int>(rejection.exit)},
               {"code", rejection.code},
               {"message", rejection.message},
               {"hint", rejection.hint},
               {"lines", std::move(lines)}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error rejection_from_json(const std::string& json) {
  try {
    const auto stored = Json::parse(json);
    Error error(static_cast<Exit>(stored.at("exit").get<int>()), stored.at("code").get<std::string>(),
                stored.at("message").get<std::string>(), stored.at("hint").get<std::string>());
    for (const auto& stored_line : stored.at("lines")) {
      ErrorLine line;
      line.message = stored_line.at("message").get<std::string>();
      for (const auto& [name, value] : stored_line.at("fields").items()) {
        if (value.is_number_integer()) {
          line.fields.emplace_back(name, value.get<std::int64_t>());
        } else if (value.is_boolean()) {
          line.fields.emplace_back(name, value.get<bool>());
        } else if (value.is_string()) {
          line.fields.emplace_back(name, value.get<std::string>());
        } else {
          line.fields.emplace_back(name, FieldValue());
        }
      }
      error.add_line(std::move(line));
    }
    return error;
  } catch (const Json::exception& e) {
    throw Error(Exit::internal, std::string("a stored rejection cannot be read: ") + e.what());
  }
}

}  // namespace invctl
