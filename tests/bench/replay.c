// What a program without anything but SQLite's C API needs for the same statements: runs a recording (record.c) on a
// database, each text prepared once, its values bound, with the settings of the library that invctl makes.
//   replay DATABASE RECORDING   prints the seconds from opening to closing the database, and the statements
//   replay --print RECORDING    prints the statements as a script for the sqlite3 shell
// Reading the recording is no part of the time. Exits with 1 where a statement fails.
#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum Type { type_null, type_integer, type_text, type_blob };

struct Value {
  enum Type type;
  sqlite3_int64 integer;
  char* bytes;  // of text and blob
  int size;
};

struct Text {
  char* sql;
  size_t size;
  sqlite3_stmt* prepared;
};

struct Step {
  size_t text;
  struct Value* values;
  int count;
};

static struct Text* texts;
static size_t text_count;
static struct Step* steps;
static size_t step_count;

static void fail(const char* what, const char* detail) {
  fprintf(stderr, "replay: %s: %s\n", what, detail);
  exit(1);
}

static void* grown(void* memory, size_t count, size_t size) {
  // Doubles at each power of two.
  if (count != 0 && (count & (count - 1)) != 0) return memory;
  memory = realloc(memory, (count == 0 ? 1 : 2 * count) * size);
  if (memory == NULL) fail("out of memory", "");
  return memory;
}

static int digit(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

// Reads one literal as SQLite writes it into expanded SQL; returns where it ends.
static const char* read_literal(const char* at, struct Value* value) {
  memset(value, 0, sizeof *value);
  if (strncmp(at, "NULL", 4) == 0) return at + 4;
  if (*at == '-' || isdigit((unsigned char)*at)) {
    char* end = NULL;
    value->type = type_integer;
    value->integer = strtoll(at, &end, 10);
    if (*end == '.' || *end == 'e') fail("a floating point number", at);
    return end;
  }
  const int blob = *at == 'x';
  if (blob) ++at;
  if (*at++ != '\'') fail("not a literal", at);
  value->type = blob ? type_blob : type_text;
  const char* end = at;
  while (*end != '\'' || (!blob && end[1] == '\'')) end += *end == '\'' ? 2 : 1;
  value->bytes = malloc((size_t)(end - at) + 1);
  if (value->bytes == NULL) fail("out of memory", "");
  for (; at < end; at += blob || *at == '\'' ? 2 : 1) {
    value->bytes[value->size++] = blob ? (char)(digit(at[0]) << 4 | digit(at[1])) : *at;
  }
  return end + 1;
}

static size_t find_text(const char* sql, size_t size) {
  for (size_t i = text_count; i-- > 0;) {
    if (texts[i].size == size && memcmp(texts[i].sql, sql, size) == 0) return i;
  }
  texts = grown(texts, text_count, sizeof *texts);
  texts[text_count] = (struct Text){strndup(sql, size), size, NULL};
  return text_count++;
}

static void add_step(const char* sql, size_t size, const char* filled) {
  struct Step step = {find_text(sql, size), NULL, 0};
  int quoted = 0;
  for (size_t i = 0; i < size; ++i) {
    if (sql[i] == '\'') quoted = !quoted;
    if (sql[i] != '?' || quoted) {
      if (sql[i] != *filled++) fail("the text with values differs", sql);
      continue;
    }
    step.values = grown(step.values, (size_t)step.count, sizeof *step.values);
    filled = read_literal(filled, &step.values[step.count++]);
  }
  steps = grown(steps, step_count, sizeof *steps);
  steps[step_count++] = step;
}

static void load(const char* path, int print) {
  FILE* file = fopen(path, "re");
  if (file == NULL) fail("cannot read", path);
  size_t size = 0, filled_size = 0;
  while (fscanf(file, "%zu %zu", &size, &filled_size) == 2) {
    char* sql = calloc(size + 1, 1);
    char* filled = calloc(filled_size + 1, 1);
    if (sql == NULL || filled == NULL || fgetc(file) != '\n' || fread(sql, 1, size, file) != size ||
        fread(filled, 1, filled_size, file) != filled_size) {
      fail("no recording", path);
    }
    if (print) {
      printf("%s;\n", filled);
    } else {
      add_step(sql, size, filled);
    }
    free(sql);
    free(filled);
  }
  fclose(file);
}

static void now(sqlite3_context* context, int count, sqlite3_value** values) {
  (void)count, (void)values;
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  sqlite3_result_int64(context, (sqlite3_int64)time.tv_sec * 1000000 + time.tv_nsec / 1000);
}

static void run(sqlite3* database, const struct Step* step) {
  struct Text* text = &texts[step->text];
  if (text->prepared == NULL &&
      sqlite3_prepare_v3(database, text->sql, -1, SQLITE_PREPARE_PERSISTENT, &text->prepared, NULL) !=
          SQLITE_OK) {
    fail(sqlite3_errmsg(database), text->sql);
  }
  sqlite3_stmt* statement = text->prepared;
  for (int i = 0; i < step->count; ++i) {
    const struct Value* value = &step->values[i];
    if (value->type == type_null) sqlite3_bind_null(statement, i + 1);
    if (value->type == type_integer) sqlite3_bind_int64(statement, i + 1, value->integer);
    if (value->type == type_text)
      sqlite3_bind_text(statement, i + 1, value->bytes, value->size, SQLITE_STATIC);
    if (value->type == type_blob)
      sqlite3_bind_blob(statement, i + 1, value->bytes, value->size, SQLITE_STATIC);
  }
  int result = SQLITE_ROW;
  while (result == SQLITE_ROW) {
    result = sqlite3_step(statement);
    for (int i = 0; result == SQLITE_ROW && i < sqlite3_column_count(statement); ++i) {
      (void)sqlite3_column_blob(statement, i);
    }
  }
  if (result != SQLITE_DONE) fail(sqlite3_errmsg(database), text->sql);
  sqlite3_reset(statement);
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  if (argc != 3) fail("usage", "replay DATABASE|--print RECORDING");
  const int print = strcmp(argv[1], "--print") == 0;
  load(argv[2], print);
  if (print) return 0;
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
  sqlite3* database = NULL;
  const double begin = seconds();
  if (sqlite3_open_v2(argv[1], &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    fail("cannot open", argv[1]);
  }
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_create_function(database, "invctl_now", 0, SQLITE_UTF8, NULL, now, NULL, NULL);
  for (size_t i = 0; i < step_count; ++i) run(database, &steps[i]);
  for (size_t i = 0; i < text_count; ++i) sqlite3_finalize(texts[i].prepared);
  if (sqlite3_close(database) != SQLITE_OK) fail("cannot close", argv[1]);
  printf("%.6f %zu\n", seconds() - begin, step_count);
  return 0;
}
