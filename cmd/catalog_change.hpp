// Changes of the catalogue: one transaction, one at a time, repeated while others are in its way.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "catalog/catalog.hpp"
#include "command.hpp"

namespace invctl::cmd {

// Runs `change` inside a write transaction that holds the catalogue's lock, and commits. `change` may run
// more than once; what it throws undoes everything.
void change_catalog(Context& context, const std::function<void(CatalogStore&)>& change);

// A text option: absent, empty and blank all mean that there is none.
std::optional<std::string> text_or_nothing(const std::optional<std::string>& value, std::string_view what);

}  // namespace invctl::cmd
