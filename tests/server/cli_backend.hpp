// Looking at a database on a server, or changing it, behind the program's back.
#pragma once

#include <string>

#include "cli/harness.hpp"

namespace invctl::test {

Rows rows_at(const std::string& url, const std::string& sql);
void execute_at(const std::string& url, const std::string& sql);

}  // namespace invctl::test
