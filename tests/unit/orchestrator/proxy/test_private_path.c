/* private_path: a private path under every spelling that some program reads it from, and what only looks like one. */
#include "orchestrator/proxy/private_path.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
/* Of a private path: @ the part before its last segment, $ that segment, & the same with its first character encoded, ^ the
 * same twice, ~ in capitals. */
static const char *const spellings[] = {
        "@/$", "@/$/", "@/$/x", "@/&", "@/^", "@/~", "@/$/..", "@/$/../x", "@/$/..%2fx",
        /* parameters */
        "@/$;x", "@/$;x=1/y", "@/$;", "@/;x/$", "@;a=b/$", "@/x;y/../$", "@/x/..;/$", "@/x/..;a=b/$", "@/x/%2e%2e;/$",
        "@/x/..%3b/$", "@/x/..%3Ba=b/$", "@/x/..%253b/$", "@/$;x/../../y", "@/;/$", "@/$;%2fx",
        /* backslash */
        "@\\$", "@/x\\..\\$", "@/x/..\\$", "@%5c$", "@%5C$", "@/x%5c..%5c$", "@%255c$", "@/.\\$", "/x\\y/..@/$",
        /* slashes in disguise */
        "@%2f$", "@%2F$", "@/x%2f..%2f$", "@/x%2f%2e%2e%2f$", "@%252f$", "@/x%252f..%252f$", "@/x/%252e%252e/$",
        "/x%2fy/..@/$", "/x%2fy/..@/&", "/x%5cy/..@/$",
        /* ends and blanks */
        "@/$%00", "@/$%00.png", "@/$%00/x", "@/%00$", "@/$%2500", "@/$%20", "@/$%09", "@/$%0a", "@/$%7f", "@/$%3fx=1",
        "@/$%23x", "@/$%3Fx/../..", "@%20/$", "@/x/.%00./$",
        /* a host in front */
        "//evil@/$", "/\\evil@/$", "//evil:80@/~", "////evil@/$", "\\/evil@/$", "/%2fevil@/$", "//evil@/x/../$",
        /* empty segments */
        "@//$", "//@//$", "@/x//../../$", "@//../$", "@/x///../../../$", "@/./$", "@/x/../$", "/../..@/$",
        /* dots first, then percent-encoding */
        "@/%2e%2e/../&", "@/x/%2e%2e/../../&", "@/%2E./../^", "@/.%2e/./../&/x",
        /* all at once */
        "@/~;x%2fy", "@%2f&;x", "/X;y\\..@%5C./^;a=b%00.css", "//h%2f..@/%00&;/..%3b/x",
};
/* clang-format on */

static const char *const privates[] = {"/api/v1/_crash", "/admin", "/metrics/", "/Api/Inner/Place"};

static char *put(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

static void spell(char *to, const char *spelling, const char *private)
{
	size_t len = strlen(private) - (private[strlen(private) - 1] == '/');
	size_t dir = len;
	char encoded[8];

	while (private[dir - 1] != '/')
		dir--;
	const char *name = private + dir;
	for (; *spelling != '\0'; spelling++) {
		char *from = to;
		if (*spelling == '@') {
			to = put(to, private, dir - 1);
		} else if (*spelling == '$' || *spelling == '~') {
			to = put(to, name, len - dir);
			for (; *spelling == '~' && from < to; from++)
				*from = (char)toupper((unsigned char)*from);
		} else if (*spelling == '&' || *spelling == '^') {
			snprintf(encoded, sizeof(encoded), *spelling == '&' ? "%%%02x" : "%%25%02X",
			         (unsigned char)*name);
			to = put(put(to, encoded, strlen(encoded)), name + 1, len - dir - 1);
		} else {
			*to++ = *spelling;
		}
	}
	*to = '\0';
}

/* Path and scratch lie in memory of exactly their size. */
static bool is_private(const char *path, const char *const *prefixes, size_t count)
{
	size_t len = strlen(path);
	char *items[4];

	for (size_t i = 0; i < count; i++)
		items[i] = (char *)(uintptr_t)prefixes[i];
	struct strings list = {items, count};
	char *copy = mem_dup_n(path, len), *exact = mem_alloc(len), *scratch = mem_alloc(3 * len);
	memcpy(exact, copy, len);
	bool result = private_path_is((struct http_text){exact, (uint32_t)len}, &list, scratch);
	free(copy);
	free(exact);
	free(scratch);
	return result;
}

START_TEST(every_spelling_is_private)
{
	ck_assert_uint_ge(sizeof(spellings) / sizeof(spellings[0]), 40);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		for (size_t k = 0; k < sizeof(privates) / sizeof(privates[0]); k++) {
			char path[300];
			spell(path, spellings[i], privates[k]);
			ck_assert_msg(is_private(path, &privates[k], 1), "%s for %s: %s", spellings[i], privates[k],
			              path);
			ck_assert_msg(is_private(path, privates, 4), "%s among all", path);
		}
	}
}
END_TEST

START_TEST(ordinary_paths_are_not)
{
	/* clang-format off */
	static const char *const ordinary[] = {
	        "/", "/api/v1/categories", "/api/v1", "/api", "/x;y", "/a%20b", "/A/B", "/api/v1/categories/a;b/acts",
	        "/api/v1/categories/x%2Fy/acts/size", "/API/V1/Categories", "/api/v1/categories/_crash",
	        "/api/v1/categories/%5Fcrash/acts", "/api/v1/categories/a%20_crash%20b/acts", "/api/v1/_crashed;x",
	        "/api/v1/x%2f_crash", "/api/v1/x_crash%00", "/api/v1/%20x_crash", "/_crash%2f", "/v1;/_crash", "/api;/_crash",
	        "/administrator;x", "/x/admin%2Fguide", "/docs/Admin%20Guide/admin", "/files;v=1/admin", "/a/..;/b",
	        "/%61dministration", "/a%00b", "/wiki/C%23/metrics%3f", "/..%2fx/admin.html", "/admin.html", "/admin%2ehtml",
	        "/metrics.json;x", "/my-metrics%2f", "/x//metrics", "/Api/Inner%20/Placement", "/api/inner", "/Inner/Place;",
	        "/100%25", "/%", "/%zz/admin", "/search/%25255f_crash", "/x?/admin", "/caf%C3%A9/metrics%20", "/.well-known/x;y",
	        "/a\\b", "/x/%2e%2e%2e/admin",
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
		ck_assert_msg(!is_private(ordinary[i], privates, 4), "%s", ordinary[i]);
}
END_TEST

/* A path may be long; only one that is as odd as can be, too, is refused unread. */
START_TEST(long_paths)
{
	static char path[40000];
	size_t len = 0;

	for (int i = 0; i < 1000; i++)
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/%%D0%%96");
	snprintf(path + len, sizeof(path) - len, "/administration");
	ck_assert(!is_private(path, privates, 4));
	snprintf(path + len, sizeof(path) - len, "/..%%2f");
	len = strlen(path);
	memcpy(path, "/admin;", 7);
	ck_assert(is_private(path, privates, 4));
	len = 0;
	for (int i = 0; i < 500; i++)
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/x;\\%%00%%20.%%2f");
	ck_assert(!is_private(path, privates, 4));
	snprintf(path + len, sizeof(path) - len, "/administration");
	ck_assert(is_private(path, privates, 4));
}
END_TEST

UNIT_MAIN("private_path", every_spelling_is_private, ordinary_paths_are_not, long_paths)
