/* sqlite: a store in one file of SQLite's, "sqlite:/path/to/file".
 *
 * WAL, synchronous=FULL, foreign keys on. Processes that write the same file take turns (sqlite_turn.h; the file PATH-turn),
 * and keep its log short between them (sqlite_wal.c): at times a commit returns some milliseconds after it is durable.
 * err->code is SQLite's extended result code. The text of a blob is "table.column".
 */
#pragma once

#include "services/store/store_driver.h"

extern const struct store_driver sqlite_driver;
