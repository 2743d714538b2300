// The floor of one durable commit: how often in a second a page can be overwritten and synced.
//   sync_floor DIRECTORY SYNCS    prints the rate. The file is as long as it gets before the clock starts: only
//                                 data is synced, no change of its size.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { page = 4096, pages = 256 };

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long syncs = strtol(argv[2], NULL, 10);
  char bytes[page];
  memset(bytes, 1, sizeof bytes);
  const int file = open(argv[1], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) {
    perror(argv[1]);
    return 1;
  }
  for (int i = 0; i < pages; ++i) {
    if (pwrite(file, bytes, page, (off_t)i * page) != page) return 1;
  }
  if (fsync(file) != 0) return 1;
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long i = 0; i < syncs; ++i) {
    bytes[0] = (char)i;
    if (pwrite(file, bytes, page, (off_t)(i % pages) * page) != page || fdatasync(file) != 0) {
      perror(argv[1]);
      return 1;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.1f\n", (double)syncs / ((double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9));
  return 0;
}
