/* challenge_dir: tokens and nothing else; regular files, and no way out of the directory. */
#include "orchestrator/proxy/challenge_dir.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAY "/.well-known/acme-challenge/"

static char dir[] = "/tmp/challenges.XXXXXX", inner[128];

static void put(const char *folder, const char *name, size_t len)
{
	char path[256], byte = 'x';

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ne(fd, -1);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(write(fd, &byte, 1), 1);
	close(fd);
}

static void make(void)
{
	char path[256];

	snprintf(dir, sizeof(dir), "/tmp/challenges.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/.well-known", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(inner, sizeof(inner), "%s/.well-known/acme-challenge", dir);
	ck_assert_int_eq(mkdir(inner, 0700), 0);
}

static int on_file(const char *path, const struct stat *what, int kind, struct FTW *at)
{
	(void)what;
	(void)kind;
	(void)at;
	return remove(path);
}

static void clear(void)
{
	ck_assert_int_eq(nftw(dir, on_file, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static struct http_text text_of(const char *text)
{
	return (struct http_text){text, (uint32_t)strlen(text)};
}

/* Bytes of the token's file; -1: there is none. */
static int read_token(const char *token)
{
	char data[CHALLENGE_BYTES_MAX];
	size_t len = 0;

	return challenge_dir_read(dir, text_of(token), data, &len) ? (int)len : -1;
}

START_TEST(tokens)
{
	static const struct {
		const char *target, *token; /* NULL: it is not there; "": none that may be one */
	} cases[] = {
	        {WAY "abc-_09AZ", "abc-_09AZ"},
	        {WAY "abc?x=/y", "abc"},
	        {WAY, ""},
	        {WAY "?", ""},
	        {WAY "a.b", ""},
	        {WAY "..", ""},
	        {WAY "a/b", ""},
	        {WAY "%2e%2e", ""},
	        {WAY "a%00", ""},
	        {WAY "a=", ""},
	        {"/.well-known/acme-challenge", NULL},
	        {"/.well-known//acme-challenge/a", NULL},
	        {"/x/.well-known/acme-challenge/a", NULL},
	        {"/", NULL},
	        {"*", NULL},
	};
	struct http_text token;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *expected = cases[i].token;
		ck_assert_msg(challenge_token(text_of(cases[i].target), &token) == (expected != NULL), "%s",
		              cases[i].target);
		if (expected != NULL)
			ck_assert_msg(token.len == strlen(expected) && memcmp(token.data, expected, token.len) == 0,
			              "%s", cases[i].target);
	}
}
END_TEST

START_TEST(a_token_of_any_length)
{
	char target[512] = WAY;
	struct http_text token;

	memset(target + strlen(WAY), 'a', 300);
	for (uint32_t len = 1; len < 300; len++) {
		ck_assert(challenge_token((struct http_text){target, (uint32_t)strlen(WAY) + len}, &token));
		ck_assert_uint_eq(token.len, len <= 128 ? len : 0);
		if (token.len > 0)
			ck_assert_int_eq(challenge_dir_read(dir, token, target + 400, &(size_t){0}), false);
	}
}
END_TEST

START_TEST(both_places)
{
	put(dir, "here", 10);
	put(inner, "there", 20);
	put(dir, "both", 1);
	put(inner, "both", 2);
	ck_assert_int_eq(read_token("here"), 10);
	ck_assert_int_eq(read_token("there"), 20);
	ck_assert_int_eq(read_token("both"), 1);
	ck_assert_int_eq(read_token("nowhere"), -1);
}
END_TEST

START_TEST(sizes)
{
	put(dir, "empty", 0);
	put(dir, "most", CHALLENGE_BYTES_MAX);
	put(dir, "more", CHALLENGE_BYTES_MAX + 1);
	ck_assert_int_eq(read_token("empty"), -1);
	ck_assert_int_eq(read_token("most"), CHALLENGE_BYTES_MAX);
	ck_assert_int_eq(read_token("more"), -1);
}
END_TEST

START_TEST(only_files)
{
	char path[256];

	put(dir, "file", 3);
	snprintf(path, sizeof(path), "%s/link", dir);
	ck_assert_int_eq(symlink("file", path), 0);
	snprintf(path, sizeof(path), "%s/out", dir);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/pipe", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/folder", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(read_token("link"), -1);
	ck_assert_int_eq(read_token("out"), -1);
	ck_assert_int_eq(read_token("pipe"), -1);
	ck_assert_int_eq(read_token("folder"), -1);
}
END_TEST

START_TEST(a_folder_that_leads_elsewhere)
{
	char path[256];

	put(inner, "file", 3);
	snprintf(path, sizeof(path), "%s/elsewhere", dir);
	ck_assert_int_eq(rename(inner, path), 0);
	ck_assert_int_eq(symlink("../elsewhere", inner), 0);
	ck_assert_int_eq(read_token("file"), -1);
	clear();
	ck_assert_int_eq(read_token("file"), -1);
	make();
}
END_TEST

UNIT_MAIN_WITH("challenge_dir", make, clear, tokens, a_token_of_any_length, both_places, sizes, only_files,
               a_folder_that_leads_elsewhere)
