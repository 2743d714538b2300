// From argv to exit code: parse, dispatch, and the one place where an error becomes text.
#pragma once

namespace invctl::cmd {

int run(int argc, char** argv);

}  // namespace invctl::cmd
