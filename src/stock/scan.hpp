// What a barcode scanner types, line by line: a code, or QTY*CODE. A code is a SKU, a product's barcode, or a
// GS1 element string that holds a GTIN.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace invctl {

// What is wrong with a GTIN-8, -12, -13 or -14 by its check digit (GS1 General Specifications, section 7.9).
// False too for anything that is none.
bool is_gtin(std::string_view digits);

// The GTIN and the count (AIs 30 and 37) of a GS1 element string. It starts with a symbology identifier (]C1,
// ]e0, ]d2, ]Q3, ]J1), an FNC1 (byte 29), or is written with its AIs in brackets, such as
// (01)04006381333931(30)5. Nothing where it is none; `why` says what is wrong where it is one that cannot be
// used: no GTIN, a wrong check digit, a measure instead of a count.
struct Gs1 {
  std::string gtin;  // 14 digits
  Quantity quantity = 1;
};
std::optional<Gs1> parse_gs1(std::string_view text, std::string& why);

// Whose code it is.
class ScanIndex {
 public:
  void add(std::string_view sku, const std::optional<std::string>& barcode);

  // The SKUs that a code may mean: of a SKU that one alone; of a barcode all products that have it, as it is
  // written or as the same GTIN with more or fewer leading zeros.
  std::vector<std::string> find(std::string_view code) const;

 private:
  std::map<std::string, bool, std::less<>> skus_;
  std::multimap<std::string, std::string, std::less<>> barcodes_;
};

struct Scanned {
  std::string sku;
  Quantity quantity = 1;
};

// One line, without its end. Nothing with a reason in `why` where it is not understood: that may be for want
// of a product, and `unknown` says so.
std::optional<Scanned> parse_scan(std::string_view line, const ScanIndex& index, std::string& why,
                                  bool& unknown);

}  // namespace invctl
