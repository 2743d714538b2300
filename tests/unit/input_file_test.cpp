#include "io/input_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "core/error.hpp"

namespace input_file_test {

using invctl::Error;
using invctl::Exit;
using invctl::io::InputFile;
namespace fs = std::filesystem;

namespace {

// A directory that goes away with its test.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "invctl-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() { fs::remove_all(path_); }
  std::string file(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return (path_ / name).string();
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Sets TMPDIR for one scope.
class Tmpdir {
 public:
  explicit Tmpdir(const std::string& value) {
    if (const char* const old = std::getenv("TMPDIR")) old_ = old;
    setenv("TMPDIR", value.c_str(), 1);
  }
  ~Tmpdir() {
    if (old_) {
      setenv("TMPDIR", old_->c_str(), 1);
    } else {
      unsetenv("TMPDIR");
    }
  }

 private:
  std::optional<std::string> old_;
};

// Puts `fd` in the place of standard input for one scope and closes it.
class StandardInput {
 public:
  explicit StandardInput(int fd) : old_(dup(STDIN_FILENO)) {
    dup2(fd, STDIN_FILENO);
    close(fd);
  }
  ~StandardInput() {
    dup2(old_, STDIN_FILENO);
    close(old_);
  }

 private:
  int old_;
};

std::string rest_of(InputFile& file, std::size_t chunk = 5) {
  std::string out;
  std::string buffer(chunk, '\0');
  while (const auto n = file.read(buffer.data(), buffer.size())) out.append(buffer, 0, n);
  return out;
}

Error error_of(const std::string& path) {
  try {
    InputFile::open(path);
  } catch (const Error& e) {
    return e;
  }
  FAIL("no error for " << path);
  throw;
}

}  // namespace

TEST_CASE("a file is read twice, with its size and position", "[input]") {
  const Scratch scratch;
  auto file = InputFile::open(scratch.file("a.csv", "sku\nA-1\nB-2\n"));
  CHECK(file.size() == 12);
  CHECK(file.name() == (scratch.path() / "a.csv").string());
  CHECK(rest_of(file) == "sku\nA-1\nB-2\n");
  CHECK(file.position() == 12);
  file.rewind();
  CHECK(file.position() == 0);
  auto moved = std::move(file);
  CHECK(rest_of(moved, 1) == "sku\nA-1\nB-2\n");
  moved.verify_unchanged();
}

TEST_CASE("a file that cannot be read is bad input with the reason and a hint", "[input]") {
  const Scratch scratch;
  auto e = error_of("no/such.csv");
  CHECK(e.exit == Exit::bad_input);
  CHECK(e.code == "cannot_read");
  CHECK(e.message == "cannot read no/such.csv: No such file or directory");
  CHECK(e.hint == "the path is taken from " + fs::current_path().string());
  CHECK(error_of(scratch.path().string()).message ==
        "cannot read " + scratch.path().string() + ": Is a directory");
  CHECK(error_of("").message == "cannot read : No such file or directory");
  CHECK(error_of("a\x1b[31m").message == "cannot read a\\x1b[31m: No such file or directory");
  const auto secret = scratch.file("secret.csv", "x");
  fs::permissions(secret, fs::perms::none);
  const bool root = geteuid() == 0;  // whom no permission stops
  if (root) REQUIRE(seteuid(65534) == 0);
  const auto denied = error_of(secret);
  if (root) REQUIRE(seteuid(0) == 0);
  CHECK(denied.message == "cannot read " + secret + ": Permission denied");
  CHECK(denied.hint == "the file, or a directory above it, is not readable for this user");
}

TEST_CASE("a file that grows, shrinks or is rewritten between the passes is refused", "[input]") {
  const Scratch scratch;
  const auto path = scratch.file("a.csv", "sku\nA-1\n");
  const auto changed = [&](auto&& change) {
    auto file = InputFile::open(path);
    rest_of(file);
    change();
    CHECK_THROWS_AS(file.verify_unchanged(), Error);
    try {
      file.rewind();
      FAIL("rewind accepted a changed file");
    } catch (const Error& e) {
      CHECK(e.exit == Exit::bad_input);
      CHECK(e.code == "file_changed");
      CHECK(e.message == path + " changed while it was read");
    }
  };
  changed([&] { std::ofstream(path, std::ios::app) << "B-2\n"; });
  changed([&] { fs::resize_file(path, 4); });
  changed([&] {
    const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 1}};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  });
}

TEST_CASE("a pipe on standard input is copied and can be read twice", "[input]") {
  const Scratch scratch;
  const Tmpdir tmpdir(scratch.path().string());
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const std::string text(300'000, 'x');
  std::thread writer([&, fd = ends[1]] {
    for (std::size_t done = 0; done < text.size();) {
      const auto n = write(fd, text.data() + done, std::min<std::size_t>(text.size() - done, 7919));
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    close(fd);
  });
  const StandardInput input(ends[0]);
  auto file = InputFile::open("-");
  writer.join();
  CHECK(file.name() == "stdin");
  CHECK(file.size() == text.size());
  CHECK((rest_of(file, 65536) == text));
  file.rewind();
  CHECK((rest_of(file, 1000) == text));
  CHECK(fs::is_empty(scratch.path()));  // the copy has no name
}

TEST_CASE("a file redirected to standard input is read from where it stands, without a copy", "[input]") {
  const Scratch scratch;
  const Tmpdir tmpdir("/nonexistent");
  const int fd = open(scratch.file("a.csv", "skipped\nsku\n").c_str(), O_RDONLY);
  REQUIRE(lseek(fd, 8, SEEK_SET) == 8);
  const StandardInput input(fd);
  auto file = InputFile::open("-");
  CHECK(file.size() == 4);
  CHECK(rest_of(file) == "sku\n");
  file.rewind();
  CHECK(rest_of(file) == "sku\n");
}

TEST_CASE("a named pipe is copied like standard input", "[input]") {
  const Scratch scratch;
  const auto path = (scratch.path() / "fifo").string();
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(path) << "sku\nA-1\n"; });
  auto file = InputFile::open(path);
  writer.join();
  CHECK(rest_of(file) == "sku\nA-1\n");
  file.rewind();
  CHECK(rest_of(file) == "sku\nA-1\n");
}

TEST_CASE("no room for the copy is an error that names the directory", "[input]") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(write(ends[1], "sku\nA-1\n", 8) == 8);
  close(ends[1]);
  const StandardInput input(ends[0]);
  {
    const Tmpdir tmpdir("/nonexistent");
    const auto e = error_of("-");
    CHECK(e.exit == Exit::internal);
    CHECK(e.code == "cannot_spool");
    CHECK(e.message == "cannot keep a copy of stdin in /nonexistent: No such file or directory");
  }
  rlimit old{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tiny{4, old.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &tiny) == 0);
  std::optional<Error> e;
  try {
    InputFile::open("-");
  } catch (const Error& caught) {
    e = caught;
  }
  REQUIRE(setrlimit(RLIMIT_FSIZE, &old) == 0);
  std::signal(SIGXFSZ, handler);
  REQUIRE(e);
  CHECK(e->code == "cannot_spool");
  CHECK(e->message.find("File too large") != std::string::npos);
}

}  // namespace input_file_test
