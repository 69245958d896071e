/* guard: which Host, Origin and Authorization are let in. token: which files are. */
#include "orchestrator/admin/guard.h"
#include "orchestrator/base/token.h"

#include "common/log.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool host_is_ours(const char *host, const char *listen)
{
	struct address address;

	ck_assert(address_parse(listen, &address));
	return guard_host_is_ours(host, &address);
}

START_TEST(hosts_of_loopback)
{
	static const char *const good[] = {"localhost",    "LOCALHOST:9090", "a.localhost:1", "127.0.0.1",
	                                   "127.8.8.8:80", "[::1]:9090",     "[::1]",         "localhost:"};
	static const char *const bad[] = {"",
	                                  "evil.example",
	                                  "127.0.0.1.evil.example",
	                                  "localhost.evil.example",
	                                  ".localhost",
	                                  "10.0.0.1:9090",
	                                  "[::2]",
	                                  "[::1",
	                                  "[::1]x",
	                                  "localhost:80x",
	                                  "evil.example:127",
	                                  "xlocalhost",
	                                  "2130706433",
	                                  "::1:9090",
	                                  "localhost:9090@evil.example"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(host_is_ours(good[i], "127.0.0.1:9090"), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!host_is_ours(bad[i], "127.0.0.1:9090"), "%s", bad[i]);
	ck_assert(!host_is_ours(NULL, "127.0.0.1:9090"));
}
END_TEST

START_TEST(hosts_of_other_addresses)
{
	ck_assert(host_is_ours("10.1.2.3:9090", "10.1.2.3:9090"));
	ck_assert(!host_is_ours("10.1.2.4:9090", "10.1.2.3:9090"));
	ck_assert(host_is_ours("[fd00::7]", "[fd00::7]:9090"));
	ck_assert(!host_is_ours("[fd00::8]", "[fd00::7]:9090"));
	ck_assert(!host_is_ours("10.1.2.3", "[fd00::7]:9090"));
	/* the wildcard: every literal, no name */
	ck_assert(host_is_ours("10.1.2.3", "0.0.0.0:9090"));
	ck_assert(host_is_ours("[fd00::7]:9090", "[::]:9090"));
	ck_assert(!host_is_ours("evil.example", "0.0.0.0:9090"));
}
END_TEST

START_TEST(a_very_long_host)
{
	char host[2000];

	memset(host, 'a', sizeof(host));
	host[sizeof(host) - 1] = '\0';
	ck_assert(!host_is_ours(host, "127.0.0.1:9090"));
}
END_TEST

START_TEST(origins)
{
	ck_assert(guard_origin_is_ours(NULL, "localhost:9090"));
	ck_assert(guard_origin_is_ours("http://localhost:9090", "localhost:9090"));
	ck_assert(guard_origin_is_ours("https://LOCALHOST:9090", "localhost:9090"));
	ck_assert(!guard_origin_is_ours("http://localhost:9091", "localhost:9090"));
	ck_assert(!guard_origin_is_ours("http://localhost", "localhost:9090"));
	ck_assert(!guard_origin_is_ours("http://evil.example", "localhost:9090"));
	ck_assert(!guard_origin_is_ours("null", "localhost:9090"));
	ck_assert(!guard_origin_is_ours("", "localhost:9090"));
	ck_assert(!guard_origin_is_ours("http://localhost:9090", NULL));
}
END_TEST

START_TEST(tokens)
{
	static const char token[] = "correct-horse-battery";

	ck_assert(guard_token_is_right("Bearer correct-horse-battery", token));
	ck_assert(guard_token_is_right("bearer  correct-horse-battery", token));
	ck_assert(!guard_token_is_right("Bearer correct-horse-batterx", token));
	ck_assert(!guard_token_is_right("Bearer xorrect-horse-battery", token));
	ck_assert(!guard_token_is_right("Bearer correct-horse-batter", token));
	ck_assert(!guard_token_is_right("Bearer correct-horse-battery2", token));
	ck_assert(!guard_token_is_right("Bearer correct-horse-batterycorrect-horse-battery", token));
	ck_assert(!guard_token_is_right("Bearer ", token));
	ck_assert(!guard_token_is_right("Basic correct-horse-battery", token));
	ck_assert(!guard_token_is_right("correct-horse-battery", token));
	ck_assert(!guard_token_is_right(NULL, token));
	ck_assert(!guard_token_is_right("Bearer ", ""));
	ck_assert(!guard_token_is_right("Bearer x", NULL));
}
END_TEST

START_TEST(sites)
{
	ck_assert(guard_site_is_ours(NULL));
	ck_assert(guard_site_is_ours("same-origin"));
	ck_assert(guard_site_is_ours("none"));
	ck_assert(!guard_site_is_ours("same-site"));
	ck_assert(!guard_site_is_ours("cross-site"));
	ck_assert(!guard_site_is_ours(""));
	ck_assert(!guard_site_is_ours("Same-Origin"));
}
END_TEST

/* What token_read makes of a file with this content; NULL: refused. The caller frees it. */
static char *token_of(const char *content, size_t len)
{
	char path[] = "/tmp/selfless-token-XXXXXX", *token = NULL;
	struct err err;
	int fd = mkstemp(path);

	ck_assert(fd != -1);
	ck_assert(write(fd, content, len) == (ssize_t)len);
	close(fd);
	bool ok = token_read(path, &token, &err);
	unlink(path);
	if (!ok)
		ck_assert(strstr(err.message, path) != NULL);
	return ok ? token : NULL;
}

static bool token_reads_as(const char *content, const char *wanted)
{
	char *token = token_of(content, strlen(content));
	bool same = wanted == NULL ? token == NULL : token != NULL && strcmp(token, wanted) == 0;

	free(token);
	return same;
}

START_TEST(token_files)
{
	struct err err;
	char *token, longest[3000];

	ck_assert(token_reads_as("0123456789abcdef\n", "0123456789abcdef"));
	ck_assert(token_reads_as("  0123456789abcdef \r\nsecond line\n", "0123456789abcdef"));
	ck_assert(token_reads_as("0123456789abcde\n", NULL)); /* short */
	ck_assert(token_reads_as("", NULL));
	ck_assert(token_reads_as("0123456789abcdef 0123456789abcdef\n", NULL));
	ck_assert(token_reads_as("0123456789abcdef\x7f\n", NULL));
	memset(longest, 'a', sizeof(longest));
	ck_assert_ptr_null(token_of(longest, sizeof(longest)));
	ck_assert(!token_read("/nonexistent/token", &token, &err));
	ck_assert(strstr(err.message, "/nonexistent/token") != NULL);
}
END_TEST

UNIT_MAIN("admin guard", hosts_of_loopback, hosts_of_other_addresses, a_very_long_host, origins, sites, tokens,
          token_files)
