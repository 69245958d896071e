/* challenge_dir: directory by directory, so that no link leads out of it; then the file, if it is one. */
#include "orchestrator/proxy/challenge_dir.h"

#include "common/http_chars.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_MAX 128
#define FOLDER (O_PATH | O_DIRECTORY | O_CLOEXEC)

static const char prefix[] = "/.well-known/acme-challenge/";

/* RFC 4648 section 5, without padding. */
static bool is_base64url(struct http_text text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!alnum && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool challenge_token(struct http_text target, struct http_text *token)
{
	size_t before = sizeof(prefix) - 1;

	if (target.len < before || memcmp(target.data, prefix, before) != 0)
		return false;
	const char *start = target.data + before, *query = memchr(start, '?', target.len - before);
	*token = (struct http_text){start, (uint32_t)((query != NULL ? query : target.data + target.len) - start)};
	if (token->len > TOKEN_MAX || !is_base64url(*token))
		token->len = 0;
	return true;
}

/* O_NONBLOCK: a pipe that somebody put there is opened at once, too, and then refused. */
static bool read_file(int folder, const char *name, char *data, size_t *len)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat what;
	bool ok = false;

	if (fd == -1)
		return false;
	if (fstat(fd, &what) == 0 && S_ISREG(what.st_mode) && what.st_size > 0 && what.st_size <= CHALLENGE_BYTES_MAX) {
		ssize_t got = pread(fd, data, CHALLENGE_BYTES_MAX, 0);
		ok = got > 0;
		*len = ok ? (size_t)got : 0;
	}
	close(fd);
	return ok;
}

static int open_below(int folder, const char *name)
{
	return folder != -1 ? openat(folder, name, FOLDER | O_NOFOLLOW) : -1;
}

static void close_folder(int folder)
{
	if (folder != -1)
		close(folder);
}

bool challenge_dir_read(const char *dir, struct http_text token, char *data, size_t *len)
{
	char name[TOKEN_MAX + 1];
	int root = open(dir, FOLDER);
	bool ok = false;

	if (root == -1)
		return false;
	memcpy(name, token.data, token.len);
	name[token.len] = '\0';
	if (read_file(root, name, data, len)) {
		ok = true;
	} else {
		int well_known = open_below(root, ".well-known"), challenges = open_below(well_known, "acme-challenge");
		ok = challenges != -1 && read_file(challenges, name, data, len);
		close_folder(challenges);
		close_folder(well_known);
	}
	close(root);
	return ok;
}
