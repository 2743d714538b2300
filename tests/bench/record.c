// Linked into the program with --wrap=sqlite3_open_v2: writes each statement that it runs to the file that
// INVCTL_RECORD names, so that others can be made to do exactly the same (replay.c). One record is
//   <bytes of the text as prepared> <bytes of it with the values filled in>\n<text><text with values>\n
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __real_sqlite3_open_v2(const char* path, sqlite3** handle, int flags, const char* vfs);
int __wrap_sqlite3_open_v2(const char* path, sqlite3** handle, int flags, const char* vfs);

static int record(unsigned kind, void* file, void* statement, void* text) {
  (void)kind;
  if (strncmp(text, "--", 2) == 0) return 0;  // a trigger's, which comes along by itself
  const char* prepared = sqlite3_sql(statement);
  char* filled = sqlite3_expanded_sql(statement);
  if (prepared == NULL || filled == NULL) abort();
  fprintf(file, "%zu %zu\n%s%s\n", strlen(prepared), strlen(filled), prepared, filled);
  fflush(file);  // the program may end without closing its files
  sqlite3_free(filled);
  return 0;
}

int __wrap_sqlite3_open_v2(const char* path, sqlite3** handle, int flags, const char* vfs) {
  const int result = __real_sqlite3_open_v2(path, handle, flags, vfs);
  const char* name = getenv("INVCTL_RECORD");
  if (result != SQLITE_OK || name == NULL) return result;
  FILE* file = fopen(name, "ae");
  if (file == NULL) abort();
  sqlite3_trace_v2(*handle, SQLITE_TRACE_STMT, record, file);
  return result;
}
