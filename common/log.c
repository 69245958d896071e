/* log: one write(2) a line, so that lines of several threads never mix.
 *
 * Invariant: a line holds no control character but its newline, whatever was formatted into it; a value cannot start
 * a line of its own.
 */
#include "common/log.h"

#include "common/hex.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_BYTES 3072
#define LOG_QUOTE_BYTES 1536
#define LOG_QUOTE_CUT 1520
#define LOG_QUOTES 8

static const struct {
	const char *word;    /* in the configuration */
	const char *padded;  /* in a line */
	const char *journal; /* syslog priority as journald reads it */
} levels[] = {
        [LOG_ERROR] = {"error", "error", "<3>"},
        [LOG_WARN] = {"warn", "warn ", "<4>"},
        [LOG_INFO] = {"info", "info ", "<6>"},
        [LOG_DEBUG] = {"debug", "debug", "<7>"},
};

static enum log_level shown = LOG_INFO;
static bool to_journal;
static atomic_uint lost; /* lines, since the last one that was written */
static _Thread_local struct {
	log_listener *told;
	void *arg;
} listener; /* each thread's own: only the one that asked is told, of its own lines */

/* JOURNAL_STREAM is inherited, so it only counts where it names the stderr we have now ("device:inode"). */
void log_open(void)
{
	const char *named = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	to_journal = false;
	if (named == NULL || fstat(STDERR_FILENO, &st) == -1)
		return;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	to_journal = strcmp(named, ours) == 0;
}

void log_set_level(enum log_level level)
{
	shown = level;
}

bool log_level_parse(const char *word, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(word, levels[i].word) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_listen(log_listener *told, void *arg)
{
	listener.told = told;
	listener.arg = arg;
}

static size_t log_start(char *line, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm utc;

	if (to_journal)
		return (size_t)snprintf(line, size, "%s", levels[level].journal);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t len = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return len +
	       (size_t)snprintf(line + len, size - len, ".%03ldZ %s ", now.tv_nsec / 1000000, levels[level].padded);
}

/* Whoever reads stderr may have stopped (a full pipe, a terminal on hold): then the line is lost rather than the process
 * stopped, too. Where poll says yes there is room for a whole line (PIPE_BUF, pipe(7)). */
static bool log_would_block(void)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 0;
}

static void log_write(const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);
		if (n == -1)
			return; /* nowhere to complain */
		line += n;
		len -= (size_t)n;
	}
}

static void log_show(char *line, size_t end)
{
	line[end] = '\n';
	if (log_would_block()) {
		atomic_fetch_add(&lost, 1);
		return;
	}
	log_write(line, end + 1);
	unsigned before = atomic_exchange(&lost, 0);
	if (before > 0)
		log_line(LOG_WARN, "event=log-lines-lost count=%u reason=stderr-was-full", before);
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list args;
	bool heard = listener.told != NULL && level <= LOG_INFO;

	if (level > shown && !heard)
		return;
	size_t start = log_start(line, sizeof(line), level);
	size_t room = sizeof(line) - start - 1; /* the newline */
	va_start(args, format);
	int wanted = vsnprintf(line + start, room, format, args);
	va_end(args);
	if (wanted < 0)
		return;
	size_t end = start + ((size_t)wanted < room ? (size_t)wanted : room - 1);
	for (size_t i = start; i < end; i++) {
		unsigned char c = (unsigned char)line[i];
		if (c < ' ' || c == 0x7f)
			line[i] = '?';
	}
	if (heard)
		listener.told(level, line + start, end - start, listener.arg);
	if (level <= shown)
		log_show(line, end);
}

/* At most four bytes. */
static size_t log_escape(char *to, unsigned char c)
{
	if (c == '"' || c == '\\') {
		to[0] = '\\';
		to[1] = (char)c;
		return 2;
	}
	if (c >= ' ' && c != 0x7f) {
		to[0] = (char)c;
		return 1;
	}
	to[0] = '\\';
	switch (c) {
	case '\n':
		to[1] = 'n';
		return 2;
	case '\r':
		to[1] = 'r';
		return 2;
	case '\t':
		to[1] = 't';
		return 2;
	}
	to[1] = 'x';
	to[2] = hex_digit(c >> 4);
	to[3] = hex_digit(c);
	return 4;
}

const char *log_quote(const char *text)
{
	static _Thread_local char quotes[LOG_QUOTES][LOG_QUOTE_BYTES];
	static _Thread_local unsigned turn;
	char *quote = quotes[turn++ % LOG_QUOTES];
	size_t len = 0;

	quote[len++] = '"';
	for (; text != NULL && *text != '\0'; text++) {
		if (len >= LOG_QUOTE_CUT) {
			memcpy(quote + len, "...", 3);
			len += 3;
			break;
		}
		len += log_escape(quote + len, (unsigned char)*text);
	}
	quote[len++] = '"';
	quote[len] = '\0';
	return quote;
}
