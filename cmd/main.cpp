#include "run.hpp"

int main(int argc, char** argv) {
  return invctl::cmd::run(argc, argv);
}
