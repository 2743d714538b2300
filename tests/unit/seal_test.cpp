#include "stock/seal.hpp"

#include <catch2/catch.hpp>

#include "core/sha256.hpp"

namespace seal_test {

using namespace invctl;

namespace {

ChainHead head(const std::string& warehouse, const std::string& sku, std::int64_t version,
               unsigned char byte) {
  ChainHead h{warehouse, sku, version, {}};
  h.head.fill(byte);
  return h;
}

}  // namespace

TEST_CASE("a seal is the hash of the documented text, whatever order the heads come in") {
  std::vector<ChainHead> heads = {head("b", "1", 2, 0xab), head("B", "2", 1, 0x01), head("B", "10", 7, 0xff)};
  const auto repeated = [](const std::string& pair) {
    std::string hex;
    for (int i = 0; i < 32; ++i) hex += pair;
    return hex;
  };
  const auto expected = sha256("invctl-seal-1\tB\t10\t7\t" + repeated("ff") + "\tB\t2\t1\t" + repeated("01") +
                               "\tb\t1\t2\t" + repeated("ab"));
  CHECK(seal_digest(heads) == expected);
  std::swap(heads[0], heads[2]);
  CHECK(seal_digest(heads) == expected);
  heads[1].version += 1;
  CHECK(seal_digest(heads) != expected);
  std::vector<ChainHead> none;
  CHECK(seal_digest(none) == sha256("invctl-seal-1"));
}

TEST_CASE("a seal reads back as it was written, with and without its number") {
  const auto digest = sha256("x");
  const auto text = seal_text(1043, digest);
  CHECK(text == "1043-" + to_hex(digest));
  CHECK(parse_seal_text(text).movements == 1043);
  CHECK(parse_seal_text(text).digest == digest);
  CHECK_FALSE(parse_seal_text(to_hex(digest)).movements);
  for (const std::string& wrong :
       {std::string(), std::string("12"), "x-" + to_hex(digest), to_hex(digest) + "0", "-" + to_hex(digest),
        to_hex(digest).replace(5, 1, "g"), to_hex(digest).replace(6, 2, "-1"), "+1-" + to_hex(digest)}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_seal_text(wrong), Error);
  }
}

}  // namespace seal_test
