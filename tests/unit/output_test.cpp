#include "io/output.hpp"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <thread>

#include "io_support.hpp"

namespace output_test {

using namespace invctl;
using namespace invctl::io;
using namespace invctl::test;

namespace {

struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  int ends[2] = {-1, -1};
};

std::string read_to_end(int fd) {
  std::string all;
  char chunk[1000];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return all;
    all.append(chunk, static_cast<std::size_t>(n));
  }
}

std::string numbered_lines(int n) {
  std::string all;
  for (int i = 0; i < n; ++i) all += std::to_string(i) + '\n';
  return all;
}

std::atomic<int> interruptions{0};

}  // namespace

TEST_CASE("output reaches the file only when it is flushed, and then all of it") {
  const MemoryFile file;
  Output output(file.fd());
  output.write("half an answer");
  CHECK(file.text().empty());
  output.flush();
  CHECK(file.text() == "half an answer");
}

TEST_CASE("an answer that is never closed is dropped rather than left half said") {
  const MemoryFile file;
  { Output(file.fd()).write("[\n  {\"sku\":"); }
  CHECK(file.text().empty());

  Output output(file.fd());
  output.write("first thought");
  output.discard();
  output.write("second");
  output.close();
  CHECK(file.text() == "second");
}

TEST_CASE("output larger than its buffer is written whole and in order") {
  const auto expected = numbered_lines(60'000);
  const auto text = written([&](Output& output) {
    for (int i = 0; i < 60'000; ++i) output.write(std::to_string(i) + '\n');
  });
  CHECK(text == expected);
}

TEST_CASE("a full device is reported with its errno and a hint, by flush, close and check alike") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  Output output(full);
  output.write("x");
  CHECK_FALSE(output.failed());
  try {
    output.close();
    FAIL("the error was lost");
  } catch (const OutputError& e) {
    CHECK(e.error_number == ENOSPC);
    CHECK(e.exit == Exit::internal);
    CHECK(e.code == "unwritable_output");
    CHECK(e.message == "cannot write to standard output: No space left on device");
    CHECK_FALSE(e.hint.empty());
    CHECK_FALSE(e.closed_pipe());
  }
  CHECK(output.failed());
  output.write("more");
  CHECK_THROWS_AS(output.check(), OutputError);
  CHECK_THROWS_AS(output.flush(), OutputError);
  ::close(full);
}

TEST_CASE("an error that happens while the buffer drains is remembered until someone asks") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  Output output(full);
  CHECK_NOTHROW(output.write(std::string(200'000, 'x')));
  CHECK(output.failed());
  CHECK_THROWS_AS(output.close(), OutputError);
  ::close(full);
}

TEST_CASE("a closed pipe is told apart from other failures") {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGPIPE, &ignore, &before) == 0);
  Pipe pipe;
  pipe.close_reader();
  Output output(pipe.ends[1]);
  output.write("nobody listens");
  try {
    output.close();
    FAIL("the error was lost");
  } catch (const OutputError& e) {
    CHECK(e.closed_pipe());
    CHECK(e.error_number == EPIPE);
    CHECK(e.hint.empty());
  }
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("a closed descriptor is an error, and an answer of nothing to it is not") {
  const int fd = ::fcntl(0, F_DUPFD_CLOEXEC, 500);
  REQUIRE(fd >= 500);
  ::close(fd);
  Output output(fd);
  CHECK_NOTHROW(output.close());
  output.write("x");
  CHECK_THROWS_AS(output.close(), OutputError);
}

TEST_CASE("closed standard streams are filled, so that no file can become one, and stay unusable") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    fill_standard_streams();
    bool good = ::open("/dev/null", O_RDONLY | O_CLOEXEC) > 2;
    char byte = 0;
    good = good && ::read(0, &byte, 1) == -1 && errno == EBADF;
    good = good && write_all(1, "x") == EBADF && write_all(2, "x") == EBADF;
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("output to a non-blocking pipe with a slow reader arrives whole") {
  Pipe pipe;
  REQUIRE(::fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK) == 0);
  const auto expected = numbered_lines(100'000);
  std::string received;
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    received = read_to_end(pipe.ends[0]);
  });
  Output output(pipe.ends[1]);
  output.write(expected);
  CHECK_NOTHROW(output.close());
  ::close(pipe.ends[1]);
  reader.join();
  CHECK((received == expected));
}

TEST_CASE("signals that interrupt a write lose nothing") {
  struct sigaction count {};
  struct sigaction before {};
  count.sa_handler = [](int) { ++interruptions; };  // without SA_RESTART: write() returns EINTR or short
  REQUIRE(::sigaction(SIGALRM, &count, &before) == 0);
  Pipe pipe;
  std::string received;
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  // The reader blocks the signal and lets the pipe fill up, so that the writer is interrupted while it waits.
  const auto expected = numbered_lines(200'000);
  interruptions = 0;
  std::thread reader([&] {
    ::pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
    while (interruptions < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    received = read_to_end(pipe.ends[0]);
  });
  const itimerval every{{0, 2000}, {0, 2000}};
  REQUIRE(::setitimer(ITIMER_REAL, &every, nullptr) == 0);
  Output output(pipe.ends[1]);
  output.write(expected);
  CHECK_NOTHROW(output.close());
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::close(pipe.ends[1]);
  reader.join();
  ::sigaction(SIGALRM, &before, nullptr);
  CHECK(interruptions >= 5);
  CHECK((received == expected));
}

}  // namespace output_test
