/* The decisions of a survey: which ports it asks, which path it takes, and what it says where none will do. */
#include "orchestrator/cli/init/survey_paths.h"
#include "orchestrator/cli/init/survey_words.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* --- paths ----------------------------------------------------------------------------------------------------- */

/* answers: one letter for each question: g good, o 4xx, b 5xx, t nothing came. Returns the path taken. */
static const char *round_of(struct survey_paths *paths, const char *answers, bool patient)
{
	survey_paths_begin(paths);
	for (const char *path; (path = survey_paths_next(paths)) != NULL; answers++) {
		enum probe_outcome outcome = *answers == 'g'   ? PROBE_GOOD
		                             : *answers == 'o' ? PROBE_ODD_STATUS
		                             : *answers == 'b' ? PROBE_BAD_STATUS
		                                               : PROBE_TIMEOUT;

		ck_assert_msg(*answers != '\0', "%s is asked for, too", path);
		if (survey_paths_take(paths, outcome, patient))
			return path;
	}
	ck_assert_msg(*answers == '\0', "not asked: %s", answers);
	return NULL;
}

START_TEST(the_first_well_known_one_that_is_served)
{
	struct survey_paths paths;

	survey_paths_init(&paths, NULL, NULL);
	ck_assert_str_eq(round_of(&paths, "og", true), "/healthz");
	ck_assert_str_eq(round_of(&paths, "oog", true), "/health");
	ck_assert_str_eq(round_of(&paths, "oooooog", true), "/");
	ck_assert_ptr_null(round_of(&paths, "ooooooo", true));
	ck_assert(paths.only_answer);
	ck_assert_ptr_null(round_of(&paths, "oooootb", true));
	ck_assert(!paths.only_answer);
}
END_TEST

START_TEST(who_serves_anything_is_asked_at_the_root)
{
	struct survey_paths paths;

	survey_paths_init(&paths, NULL, NULL);
	ck_assert_str_eq(round_of(&paths, "gg", true), "/");
	ck_assert(paths.any);
	ck_assert_ptr_null(round_of(&paths, "gt", true));
}
END_TEST

START_TEST(the_images_own_word_goes_first)
{
	struct survey_paths paths;

	survey_paths_init(&paths, NULL, "/own");
	ck_assert_str_eq(round_of(&paths, "g", true), "/own");
	ck_assert_str_eq(round_of(&paths, "oog", true), "/healthz");
}
END_TEST

/* /health says 503 while the program warms up, and / is served already. */
START_TEST(a_path_that_may_get_well_is_waited_for)
{
	struct survey_paths paths;

	survey_paths_init(&paths, NULL, NULL);
	ck_assert_ptr_null(round_of(&paths, "oobooog", true));
	ck_assert_str_eq(round_of(&paths, "oobooog", false), "/");
	ck_assert_str_eq(round_of(&paths, "oog", true), "/health");
}
END_TEST

START_TEST(the_one_that_was_named)
{
	struct survey_paths paths;

	survey_paths_init(&paths, "/mine", "/own");
	ck_assert_ptr_null(round_of(&paths, "o", true));
	ck_assert(paths.only_answer);
	ck_assert_ptr_null(round_of(&paths, "b", true));
	ck_assert_str_eq(round_of(&paths, "g", true), "/mine");
}
END_TEST

/* --- ports ----------------------------------------------------------------------------------------------------- */

static struct survey_seen seen;

static void listens(const int *open, size_t count)
{
	seen = (struct survey_seen){.known = true};
	for (size_t i = 0; i < count; i++)
		seen.listening.open[seen.listening.open_count++] = open[i];
}

static void choose(int only, int hinted, int exposed)
{
	static const int usual[] = {80, 8080};

	survey_choose(&seen, &(struct survey_ports){.only = only,
	                                            .hinted = hinted,
	                                            .exposed = &exposed,
	                                            .exposed_count = exposed != 0 ? 1 : 0,
	                                            .usual = usual,
	                                            .usual_count = 2});
}

static void asks(size_t count, int first)
{
	ck_assert_uint_eq(seen.asked_count, count);
	if (count > 0)
		ck_assert_int_eq(seen.asked[0], first);
}

START_TEST(ports_that_are_asked)
{
	static const int open[] = {9000, 8000, 7000};

	listens(open, 3);
	choose(0, 0, 0);
	asks(3, 9000);
	choose(0, 0, 8000);
	asks(1, 8000);
	choose(0, 7000, 0);
	asks(1, 7000);
	choose(0, 7000, 8000);
	asks(1, 8000);
	choose(0, 0, 1234); /* what is exposed need not be true */
	asks(3, 9000);
	choose(5, 7000, 8000);
	asks(1, 5);
	listens(NULL, 0);
	choose(0, 0, 8000);
	asks(0, 0);
	seen.known = false;
	choose(0, 0, 8000);
	asks(1, 8000);
	choose(0, 7000, 0);
	asks(1, 7000);
	choose(0, 0, 0);
	asks(2, 80);
}
END_TEST

/* --- words ----------------------------------------------------------------------------------------------------- */

static void says(const char *words, bool stuck)
{
	char text[512];

	survey_words(&seen, text, sizeof(text));
	ck_assert_msg(strstr(text, words) != NULL, "%s", text);
	ck_assert_msg(survey_is_stuck(&seen) == stuck, "%s", text);
}

START_TEST(why_nothing_was_found)
{
	static const int open[] = {9000, 8000};

	listens(NULL, 0);
	says("does not listen on any TCP port", false);
	seen.listening.shut[seen.listening.shut_count++] = 5000;
	says("listens on 127.0.0.1 alone (port 5000)", true);
	listens(open, 2);
	snprintf(seen.text, sizeof(seen.text), "closed before a reply");
	says("listens on port 9000, 8000, but did not answer a GET (closed before a reply)", false);
	seen.only = 1234;
	says("nothing listens on port 1234; it does on 9000, 8000", true);
	seen.only = 0;
	seen.spoke[seen.spoke_count++] = 9000;
	snprintf(seen.text, sizeof(seen.text), "status 503 on /");
	says("speaks HTTP on port 9000, but is not well (status 503 on /)", false);
	seen.spoke[seen.spoke_count++] = 8000;
	says("several ports: say which one is meant, with --port (9000, 8000)", false);
	seen.spoke_count = 1;
	seen.no_path = true;
	snprintf(seen.text, sizeof(seen.text), "status 404 on /");
	says("with 2xx or 3xx (status 404 on /): say which one shows that it is well, with --health /PATH", true);
	seen.path = "/x";
	says("the program says status 404 on /, and 2xx or 3xx is wanted: is the path of --health right?", true);
	seen = (struct survey_seen){.asked = {80, 8080}, .asked_count = 2, .text = "connection refused"};
	says("nothing answers on port 80, 8080 (connection refused)", false);
}
END_TEST

UNIT_MAIN("survey_parts", the_first_well_known_one_that_is_served, who_serves_anything_is_asked_at_the_root,
          the_images_own_word_goes_first, a_path_that_may_get_well_is_waited_for, the_one_that_was_named,
          ports_that_are_asked, why_nothing_was_found)
