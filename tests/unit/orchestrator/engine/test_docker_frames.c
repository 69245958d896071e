/* Framed logs become text, whatever is cut or not framed. */
#include "orchestrator/engine/docker/docker_frames.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *frames;
	size_t len;
	const char *text;
};

/* braces in macros: versions of clang-format differ */
/* clang-format off */
#define ROW(bytes, expected) {bytes, sizeof(bytes) - 1, expected}
/* clang-format on */

static const struct row rows[] = {
        ROW("", ""),
        ROW("\1\0\0\0\0\0\0\4out\n\2\0\0\0\0\0\0\4err\n", "out\nerr\n"),
        ROW("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\1x", "x"),
        ROW("\1\0\0\0\0\0\0\11cut", "cut"),
        ROW("\1\0\0\0\377\377\377\377cut", "cut"),
        ROW("plain text of a terminal\n", "plain text of a terminal\n"),
        ROW("short", "short"),
        ROW("\1\0\0\0\0\0\0\1a\1\0\0", "a\1"),
};

START_TEST(takes_the_text)
{
	const struct row *row = &rows[_i];
	struct buf text;

	buf_init(&text, 1000);
	ck_assert(docker_frames_take(row->frames, row->len, &text));
	ck_assert_str_eq(buf_text(&text), row->text);
	buf_clear(&text);
}
END_TEST

START_TEST(stops_where_full)
{
	struct buf text;

	buf_init(&text, 3);
	ck_assert(!docker_frames_take("\1\0\0\0\0\0\0\4out\n", 12, &text));
	ck_assert_uint_eq(text.len, 0);
	buf_clear(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("docker_frames");
	TCase *cases = tcase_create("frames");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(cases, takes_the_text, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(cases, stops_where_full);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
