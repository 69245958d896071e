/* token: one line of a file.
 *
 * A short token is refused rather than served: it would be guessed.
 */
#include "orchestrator/base/token.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/text_file.h"

#include <string.h>
#include <sys/stat.h>

#define WHITE " \t\r\n"
#define FILE_BYTES_MAX 4096

static bool is_visible(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

static void warn_if_open(const char *path)
{
	struct stat status;

	if (stat(path, &status) != -1 && (status.st_mode & (S_IRWXG | S_IRWXO) & ~S_IRGRP) != 0)
		log_warn("event=token-file-open path=%s error=\"others may read or write it; chmod 600\"",
		         log_quote(path));
}

static bool take_token(const char *path, const char *text, char **token, struct err *err)
{
	size_t line = strcspn(text, "\n");
	const char *start = text + strspn(text, WHITE);
	size_t len = strcspn(start, WHITE), rest = len + strspn(start + len, " \t\r");

	if (start > text + line || len < TOKEN_LEN_MIN || len > TOKEN_LEN_MAX || !is_visible(start, len) ||
	    start + rest != text + line)
		return err_set(err, "the first line of %s must be a token of %d to %d visible characters", path,
		               TOKEN_LEN_MIN, TOKEN_LEN_MAX);
	*token = mem_dup_n(start, len);
	return true;
}

bool token_read(const char *path, char **token, struct err *err)
{
	struct buf text;

	buf_init_secret(&text, FILE_BYTES_MAX);
	bool ok = text_file_read(path, &text, err);
	if (ok) {
		warn_if_open(path);
		ok = take_token(path, buf_text(&text), token, err);
	}
	buf_clear(&text);
	return ok;
}
