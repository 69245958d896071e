/* token: one line of a file.
 *
 * A short token is refused rather than served: it would be guessed.
 */
#include "orchestrator/token.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WHITE " \t\r\n"

static bool is_visible(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

static void warn_if_open(FILE *file, const char *path)
{
	struct stat status;
	if (fstat(fileno(file), &status) != -1 && (status.st_mode & (S_IRWXG | S_IRWXO) & ~S_IRGRP) != 0)
		log_warn("event=token-file-open path=%s error=\"others may read or write it; chmod 600\"",
		         log_quote(path));
}

bool token_read(const char *path, char **token, struct err *err)
{
	char line[TOKEN_LEN_MAX + 64];
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return err_set_errno(err, errno, "cannot read %s", path);
	warn_if_open(file, path);
	const char *got = fgets(line, (int)sizeof line, file);
	fclose(file);
	const char *start = got == NULL ? "" : line + strspn(line, WHITE);
	size_t len = strcspn(start, WHITE);
	if (len < TOKEN_LEN_MIN || len > TOKEN_LEN_MAX || !is_visible(start, len) ||
	    start[len + strspn(start + len, WHITE)] != '\0')
		return err_set(err, "the first line of %s must be a token of %d to %d visible characters", path,
		               TOKEN_LEN_MIN, TOKEN_LEN_MAX);
	*token = mem_dup_n(start, len);
	return true;
}
