// Writing an export (export_format.hpp).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "apply/export_format.hpp"
#include "catalog/price_store.hpp"
#include "stock/verify.hpp"

namespace invctl::intake {

// Both are one database's, inside one snapshot. The ledger is written as it is: whoever reads it checks it.
ExportCounts write_export(LedgerReader& ledger, CatalogStore& catalog, PriceStore& prices,
                          const ExportHeader& header, const std::function<void(std::string_view)>& write);

}  // namespace invctl::intake
