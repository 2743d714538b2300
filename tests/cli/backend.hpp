// The parts of harness.hpp's Database, for tests of what happens before it is initialised.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness.hpp"

namespace invctl::test {

std::unique_ptr<Backend> make_backend(const std::string& engine, const TempDir& directory);

// `options`, completed by what the program needs to work on this database, in this directory.
RunOptions options_for(const Backend& backend, const TempDir& directory, const std::vector<std::string>& args,
                       RunOptions options);

}  // namespace invctl::test
