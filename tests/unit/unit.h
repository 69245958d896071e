/* unit: one suite with one test case, run and counted. What every unit test's main does. */
#pragma once

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* make, clear: run around each test; NULL: nothing does. */
static inline int unit_run(const char *name, void (*make)(void), void (*clear)(void), const TTest *const *tests,
                           size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, make, clear);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN_WITH(name, make, clear, ...)                                               \
	int main(void)                                                                       \
	{                                                                                    \
		const TTest *const tests[] = {__VA_ARGS__};                                  \
		return unit_run(name, make, clear, tests, sizeof(tests) / sizeof(tests[0])); \
	}

#define UNIT_MAIN(name, ...) UNIT_MAIN_WITH(name, NULL, NULL, __VA_ARGS__)
