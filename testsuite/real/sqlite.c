// Works with a database file: rows in one transaction, an index, joins, aggregates, a recursive CTE, an
// update, a delete and a vacuum. Prints every result; the caller compares the file as well.
//
// usage: sqlite FILE ROWS
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(sqlite3 *db, const char *what) {
  printf("%s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static int print_row(void *unused, int n, char **values, char **names) {
  (void)unused;
  for (int i = 0; i < n; i++)
    printf("%s%s=%s", i ? " " : "", names[i], values[i] ? values[i] : "NULL");
  printf("\n");
  return 0;
}

static void run(sqlite3 *db, const char *sql) {
  printf("> %s\n", sql);
  if (sqlite3_exec(db, sql, print_row, NULL, NULL) != SQLITE_OK) fail(db, sql);
}

// The order of rows that the data decides, not the machine.
static unsigned next(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void insert(sqlite3 *db, int rows) {
  sqlite3_stmt *stmt;
  unsigned state = 1;
  if (sqlite3_prepare_v2(db, "INSERT INTO item VALUES(?,?,?,?)", -1, &stmt, NULL) != SQLITE_OK)
    fail(db, "prepare");
  for (int i = 0; i < rows; i++) {
    char text[32];
    snprintf(text, sizeof text, "item-%u", next(&state));
    sqlite3_bind_int(stmt, 1, i);
    sqlite3_bind_int(stmt, 2, (int)(next(&state) % 100));
    sqlite3_bind_double(stmt, 3, next(&state) / 1024.0);
    sqlite3_bind_text(stmt, 4, text, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(stmt) != SQLITE_DONE) fail(db, "step");
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
}

int main(int argc, char **argv) {
  sqlite3 *db;
  if (argc != 3 || sqlite3_open(argv[1], &db) != SQLITE_OK) return 2;
  run(db, "PRAGMA page_size=4096");
  run(db, "CREATE TABLE item(id INTEGER PRIMARY KEY, class INT, price REAL, name TEXT)");
  run(db, "BEGIN");
  insert(db, atoi(argv[2]));
  run(db, "COMMIT");
  run(db, "CREATE INDEX by_class ON item(class, price)");
  run(db, "SELECT count(*), sum(id), round(avg(price), 6), min(name), max(name) FROM item");
  run(db, "SELECT class, count(*) AS n, round(total(price), 3) AS t FROM item GROUP BY class "
          "HAVING class % 10 = 3 ORDER BY t DESC");
  run(db, "SELECT id, name FROM item WHERE class = 42 AND price > 16000 ORDER BY price LIMIT 5");
  run(db, "WITH RECURSIVE fib(i, a, b) AS (SELECT 1, 0, 1 UNION ALL SELECT i + 1, b, a + b FROM fib "
          "WHERE i < 80) SELECT i, a FROM fib WHERE i % 16 = 0");
  run(db, "WITH RECURSIVE c(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM c WHERE x < 300) "
          "SELECT count(*) FROM c AS p WHERE x > 1 AND NOT EXISTS "
          "(SELECT 1 FROM c AS d WHERE d.x > 1 AND d.x < p.x AND p.x % d.x = 0)");
  run(db, "SELECT a.class, count(*) FROM item a JOIN item b ON a.id = b.id + 1 AND +a.class = +b.class "
          "GROUP BY a.class ORDER BY 2 DESC, 1 LIMIT 5");
  run(db, "UPDATE item SET name = upper(name) || '!', price = price * 1.5 WHERE class < 7");
  run(db, "DELETE FROM item WHERE name LIKE '%99%'");
  run(db, "SELECT count(*), total(price) FROM item WHERE name GLOB 'ITEM*'");
  run(db, "SELECT json_group_array(id) FROM (SELECT id FROM item WHERE class = 5 ORDER BY id LIMIT 5)");
  run(db, "SELECT printf('%.15g %08.3f %e', 1.0/3, 3.14159, 1e100), strftime('%Y-%j', 86400*365.25, 'unixepoch')");
  run(db, "VACUUM");
  run(db, "PRAGMA integrity_check");
  if (sqlite3_close(db) != SQLITE_OK) return 3;
  return 42;
}
