// Runs a command and prints what it took: microseconds of the clock, microseconds of processor time, and the peak of
// memory in KiB, of the command and of all that it waited for.
//   clocked [-o FILE] COMMAND...    its output goes to FILE, else nowhere. Exits as the command does.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds(struct timeval time) {
  return (long)time.tv_sec * 1000000 + time.tv_usec;
}

int main(int argc, char** argv) {
  const char* output = "/dev/null";
  char** command = argv + 1;
  if (argc > 3 && strcmp(argv[1], "-o") == 0) {
    output = argv[2];
    command = argv + 3;
  }
  if (argc < 2) return 2;
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  const pid_t child = fork();
  if (child == 0) {
    const int file = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(file, STDOUT_FILENO);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (child < 0 || wait4(child, &status, 0, &usage) != child) {
    perror("clocked");
    return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%ld %ld %ld\n", (end.tv_sec - begin.tv_sec) * 1000000L + (end.tv_nsec - begin.tv_nsec) / 1000,
         microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
