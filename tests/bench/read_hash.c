// What must be done at least to check a ledger of hashes: reads a file from its beginning to its end and makes one
// SHA-256 for each of so many rows, each over so many bytes with the hash before it in front.
//   read_hash FILE ROWS BYTES    prints the seconds, and the last hash, which keeps the work from being left out
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { block = 1 << 20 };

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const long rows = strtol(argv[2], NULL, 10);
  const size_t size = strtoul(argv[3], NULL, 10);
  unsigned char* bytes = malloc(block);
  const int file = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (bytes == NULL || file < 0 || size < SHA256_DIGEST_LENGTH || size > block) {
    perror(argv[1]);
    return 1;
  }
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  ssize_t got = 0;
  while ((got = read(file, bytes, block)) > 0) {
  }
  if (got < 0) {
    perror(argv[1]);
    return 1;
  }
  for (long i = 0; i < rows; ++i) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes, size);
    SHA256_Final(bytes, &context);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.6f %02x%02x\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9, bytes[0],
         bytes[1]);
  return 0;
}
