/* cause: a sentence says what its row says, whatever is put in, in at most 200 characters. */
#include "orchestrator/fleet/cause.h"

#include "common/utf8.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static char sentence[CAUSE_SIZE];

START_TEST(what_it_speaks_of_is_put_in)
{
	cause_write(sentence, CAUSE_NO_IMAGE, &(struct cause_facts){.image = "web:1.3"});
	ck_assert_str_eq(sentence, "there is no image web:1.3 here: `docker images` lists what there is; build it, "
	                           "`docker pull` it, or change `image`");
	cause_write(sentence, CAUSE_EXITED, &(struct cause_facts){.number = 3, .words = "no \"DATABASE_URL\""});
	ck_assert_str_eq(sentence, "it exited with code 3; its last words: \"no \"DATABASE_URL\"\": mend that, or its "
	                           "`command` or `env`");
	cause_write(sentence, CAUSE_NONE, &(struct cause_facts){.words = "x"});
	ck_assert_str_eq(sentence, "");
}
END_TEST

/* What stands behind the last brace of a row. */
static const char *end_of(const char *template)
{
	const char *brace = strrchr(template, '}');

	return brace != NULL ? brace + 1 : template;
}

static void put_in_everywhere(const char *unit)
{
	char text[2500] = "";

	for (size_t i = 0; i < 600; i++)
		memcpy(text + i * strlen(unit), unit, strlen(unit));
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		const char *template = cause_template((enum cause)cause), *end = end_of(template);

		cause_write(
		        sentence, (enum cause)cause,
		        &(struct cause_facts){.image = text,
		                              .name = text,
		                              .words = text,
		                              .remedy = "sixty characters of ours, which are as many as a remedy has.",
		                              .number = -1234567890123456789});
		ck_assert_uint_lt(strlen(sentence), CAUSE_SIZE);
		ck_assert_msg(strncmp(sentence, template, strcspn(template, "{")) == 0, "%s", sentence);
		ck_assert_msg(strcmp(sentence + strlen(sentence) - strlen(end), end) == 0, "%s", sentence);
		ck_assert_msg(utf8_valid(sentence, strlen(sentence)) == strlen(sentence), "%s", sentence);
		ck_assert_ptr_null(strchr(sentence, '\t'));
	}
}

START_TEST(no_row_is_longer_whatever_is_put_in)
{
	static const char *const units[] = {"x", "\xc3\xa4", "\xf0\x9f\x98\x80", " ", "\t", "\xff", "a\xc3"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		put_in_everywhere(units[i]);
}
END_TEST

START_TEST(the_middle_gives_way)
{
	char text[400];

	memset(text, 'x', sizeof(text));
	memcpy(text, "first ", 6);
	memcpy(text + sizeof(text) - 6, " last", 6);
	cause_write(sentence, CAUSE_REFUSED, &(struct cause_facts){.words = text});
	ck_assert_uint_eq(strlen(sentence), CAUSE_SIZE - 1);
	ck_assert_ptr_nonnull(strstr(sentence, ": first x"));
	ck_assert_ptr_nonnull(strstr(sentence, "x...x"));
	ck_assert_str_eq(sentence + strlen(sentence) - 6, "x last");
}
END_TEST

START_TEST(words_stay_whole)
{
	cause_write(sentence, CAUSE_REFUSED,
	            &(struct cause_facts){
	                    .words = "failed to create task for container: failed to create shim task: OCI runtime "
	                             "create failed: runc create failed: unable to start container process: exec: "
	                             "\"/no-such-program\": stat /no-such-program: no such file or directory"});
	ck_assert_str_eq(
	        sentence,
	        "the engine refuses it: failed to create task for container: failed to create shim "
	        "task: OCI runtime create ... process: exec: \"/no-such-program\": stat /no-such-program: no such "
	        "file or directory");
}
END_TEST

/* Each tells what to do, or that nothing is to be done: behind a colon or a semicolon, or as a question. */
START_TEST(each_says_what_to_do)
{
	for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
		const char *template = cause_template((enum cause)cause);

		ck_assert_msg(strpbrk(template, ":;?") != NULL || strcmp(template, "{words}") == 0, "%s", template);
		ck_assert_msg(template[strlen(template) - 1] != '.', "%s", template);
	}
}
END_TEST

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(ids_are_short)
{
	cause_write(sentence, CAUSE_NO_IMAGE, &(struct cause_facts){.image = "web@sha256:" ID});
	ck_assert_str_eq(sentence, "there is no image web@sha256:0123456789ab here: `docker images` lists what there "
	                           "is; build it, `docker pull` it, or change `image`");
}
END_TEST

UNIT_MAIN("cause", what_it_speaks_of_is_put_in, no_row_is_longer_whatever_is_put_in, the_middle_gives_way,
          each_says_what_to_do, words_stay_whole, ids_are_short)
