/* log: one line an event, `key=value` pairs, to stderr.
 *
 *   2026-03-01T12:00:00.123Z warn  event=backend-down service=acts slot=0 container=4f2a reason=probe-timeout
 *
 * error = someone must act, warn = we coped, info = something changed, debug = for developers.
 * Never blocks: while nobody reads stderr lines are lost, and their number is told once somebody does.
 * Under journald (JOURNAL_STREAM names our stderr) the time is left out and each line starts with <3> <4> <6> <7>.
 * Keys are the same everywhere: event service slot container request incident reason error. A value that may hold
 * spaces, quotes or control characters goes through log_quote.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Reads JOURNAL_STREAM. Called once from main; without it lines carry the time. */
void log_open(void);

void log_set_level(enum log_level level);

/* "error" | "warn" | "info" | "debug"; false for another word. */
bool log_level_parse(const char *word, enum log_level *level);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Who is told of each line, too: those of the calling thread that are info or worse, whatever is shown, without time and
 * newline. It must not log. One at a time; NULL: nobody. */
typedef void log_listener(enum log_level level, const char *text, size_t len, void *arg);
void log_listen(log_listener *told, void *arg);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* The text in double quotes with ", \ and control characters escaped; cut at 1520 bytes. The result lives in one of
 * eight buffers of the calling thread used in turn: good for one log_line call. NULL gives "". */
const char *log_quote(const char *text);
