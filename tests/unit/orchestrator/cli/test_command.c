/* command: what every kind of command line means, and that the tables are whole. */
#include "orchestrator/cli/command_line.h"

#include "orchestrator/cli/command_table.h"
#include "orchestrator/cli/manual/complete.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 16

static char line_text[256];
static char *words[WORDS_MAX];

/* Words at single spaces; '_' is an empty one. */
static int split(const char *line)
{
	int count = 0;

	snprintf(line_text, sizeof(line_text), "%s", line);
	for (char *rest = line_text, *word; (word = strsep(&rest, " ")) != NULL;) {
		ck_assert_int_lt(count, WORDS_MAX - 1);
		words[count++] = strcmp(word, "_") == 0 ? "" : word;
	}
	words[count] = NULL;
	return count;
}

static struct command read_line(const char *line)
{
	int count = split(line);

	return command_line_read(count, words);
}

START_TEST(nothing_but_options_runs)
{
	struct command command = read_line("orchestrator");

	ck_assert_int_eq(command.action, COMMAND_RUN);
	ck_assert_ptr_null(command.config_path);
	ck_assert_int_eq(command.start_ms, 300);
	command = read_line("orchestrator -c my.json");
	ck_assert_int_eq(command.action, COMMAND_RUN);
	ck_assert_str_eq(command.config_path, "my.json");
}
END_TEST

START_TEST(an_image_is_all_there_is)
{
	struct command command =
	        read_line("o --image my/site:2 --port 81 --health /x --name web --listen :8088 -e A=1 --env B=");

	ck_assert_int_eq(command.action, COMMAND_RUN);
	ck_assert_str_eq(command.image, "my/site:2");
	ck_assert_int_eq(command.port, 81);
	ck_assert_str_eq(command.health, "/x");
	ck_assert_str_eq(command.name, "web");
	ck_assert_str_eq(command.listen, ":8088");
	ck_assert_uint_eq(command.env.count, 2);
	ck_assert_str_eq(command.env.items[1], "B=");
	command = read_line("o init my/site --port 81 -o my.json");
	ck_assert_int_eq(command.action, COMMAND_INIT);
	ck_assert_str_eq(command.words[0], "my/site");
	ck_assert_int_eq(command.port, 81);
	ck_assert_str_eq(command.output, "my.json");
	command = read_line("o init my/site");
	ck_assert_int_eq(command.port, 0);
	ck_assert_ptr_null(command.output);
	ck_assert_ptr_null(command.health);
}
END_TEST

START_TEST(what_an_image_does_not_go_with)
{
	static const char *const lines[] = {"o --port 81",
	                                    "o --image a -c b",
	                                    "o --image a --check",
	                                    "o --image a status",
	                                    "o --image a --simulate b",
	                                    "o --image a --port 65536",
	                                    "o init",
	                                    "o init _",
	                                    "o init a b",
	                                    "o init a --image b"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(read_line(lines[i]).action == COMMAND_BAD_USAGE, "%s", lines[i]);
}
END_TEST

START_TEST(more_variables_than_there_is_room_for)
{
	char *many[2 * COMMAND_TEXTS_MAX + 5] = {"o"};
	int count = 1;

	while (count <= 2 * COMMAND_TEXTS_MAX) {
		many[count++] = "-e";
		many[count++] = "A=1";
	}
	ck_assert_int_eq(command_line_read(count, many).action, COMMAND_BAD_USAGE);
}
END_TEST

START_TEST(flags_choose_the_action)
{
	static const struct {
		const char *line;
		enum command_action action;
	} lines[] = {
	        {"o --check", COMMAND_CHECK},
	        {"o --print-config", COMMAND_PRINT_CONFIG},
	        {"o --check --print-config", COMMAND_PRINT_CONFIG},
	        {"o --document-config", COMMAND_DOCUMENT},
	        {"o --version", COMMAND_VERSION},
	        {"o -h", COMMAND_HELP},
	        {"o --help --colour", COMMAND_HELP},
	        {"o --simulate t.csv", COMMAND_SIMULATE},
	        {"o --check --simulate t.csv", COMMAND_SIMULATE},
	        {"o --simulate t.csv --check", COMMAND_CHECK},
	        {"o --complete --nonsense x", COMMAND_COMPLETE},
	        {"o status", COMMAND_STATUS},
	        {"o scale a 3", COMMAND_SCALE},
	        {"o replace a 0", COMMAND_REPLACE},
	        {"o roll a", COMMAND_ROLL},
	        {"o drain", COMMAND_DRAIN},
	        {"o completion zsh", COMMAND_COMPLETION},
	        {"o man", COMMAND_MAN},
	        {"o man config", COMMAND_MAN},
	        {"o roll --help", COMMAND_HELP},
	        {"o help", COMMAND_HELP},
	        {"o help roll", COMMAND_HELP},
	        {"o -- status", COMMAND_STATUS},
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct command command = read_line(lines[i].line);
		ck_assert_msg(command.action == lines[i].action, "%s: %d", lines[i].line, (int)command.action);
	}
}
END_TEST

START_TEST(usage_errors)
{
	static const char *const lines[] = {
	        "o --colour",
	        "o -c",
	        "o surplus",
	        "o _",
	        "o --start-ms x --simulate t",
	        "o --json",
	        "o --chart x",
	        "o --check status",
	        "o --json status",
	        "o scale",
	        "o scale a",
	        "o scale a -1",
	        "o scale a b",
	        "o scale a 1234567890",
	        "o scale a 1 2",
	        "o scale _ 1",
	        "o replace a 1x",
	        "o roll a b",
	        "o completion",
	        "o completion fish",
	        "o man 8",
	        "o help nobody",
	        "o status --chart x",
	        "o status --service a",
	        "o man --json",
	        "o --simulate t --start-ms 3600001",
	        "o --simulate t --start-ms -1",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct command command = read_line(lines[i]);
		ck_assert_msg(command.action == COMMAND_BAD_USAGE, "%s: %d", lines[i], (int)command.action);
	}
}
END_TEST

START_TEST(options_of_a_verb_stand_anywhere)
{
	struct command command = read_line("o -c first.json scale --admin 1.2.3.4:5 acts --token-file t 3");

	ck_assert_int_eq(command.action, COMMAND_SCALE);
	ck_assert_str_eq(command.words[0], "acts");
	ck_assert_str_eq(command.words[1], "3");
	ck_assert_str_eq(command.config_path, "first.json");
	ck_assert_str_eq(command.admin, "1.2.3.4:5");
	ck_assert_str_eq(command.token_file, "t");
	command = read_line("o -c first.json status --watch --config=second.json --json");
	ck_assert(command.watch && command.json);
	ck_assert_str_eq(command.config_path, "second.json");
	command = read_line("o --simulate t --json --service a --chart c --start-ms 0");
	ck_assert(command.json && command.start_ms == 0);
	ck_assert_str_eq(command.trace_path, "t");
	ck_assert_str_eq(command.service, "a");
	ck_assert_str_eq(command.chart_path, "c");
}
END_TEST

START_TEST(help_is_about_the_verb)
{
	ck_assert_str_eq(read_line("o help roll").verb->name, "roll");
	ck_assert_str_eq(read_line("o roll x y z --help").verb->name, "roll");
	ck_assert_str_eq(read_line("o help --help").verb->name, "help");
	ck_assert_str_eq(read_line("o help").verb->name, "");
}
END_TEST

START_TEST(tables_are_whole)
{
	ck_assert_str_eq(command_verbs[0].name, "");
	for (const struct command_verb *verb = command_verbs; verb->name != NULL; verb++) {
		ck_assert(verb->summary != NULL && verb->text != NULL && verb->examples != NULL);
		ck_assert_ptr_eq(command_verb_find(verb->name), verb);
		for (const struct command_option *option = verb->options; option->name != NULL; option++) {
			ck_assert_msg(option->help != NULL, "%s", option->name);
			ck_assert_msg((option->argument == NULL) == (option->kind == COMMAND_NO_VALUE), "%s",
			              option->name);
		}
		for (int i = 0; i < COMMAND_WORDS; i++)
			ck_assert((verb->words[i].kind == COMMAND_CHOICE) == (verb->words[i].choices != NULL));
	}
}
END_TEST

/* --- completion ------------------------------------------------------------------------------------------------ */

static char *candidates(const char *line)
{
	char *text;
	size_t len;
	int count = split(line);
	struct completion completion = complete_read(count, words);
	FILE *to = open_memstream(&text, &len);

	if (!complete_print(&completion, to))
		fprintf(to, "kind %d of %s, begun with %s\n", (int)completion.kind,
		        completion.service != NULL ? completion.service : "none", completion.begun);
	fclose(to);
	return text;
}

#define check_candidates(line, wanted)         \
	do {                                   \
		char *got = candidates(line);  \
		ck_assert_str_eq(got, wanted); \
		free(got);                     \
	} while (0)

static void check_kind(const char *line, enum command_kind kind, const char *service, const char *begun)
{
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "kind %d of %s, begun with %s\n", (int)kind, service, begun);
	check_candidates(line, wanted);
}

START_TEST(completes_from_the_tables)
{
	check_candidates("sta", "status\tshow services and containers\n");
	check_candidates("-c x.json ro", "roll\treplace all containers of a service, one by one\n");
	check_candidates("status --w", "--watch\tshow it again every second, until Ctrl-C; where the output is no "
	                               "terminal, one below the other\n");
	check_candidates("--document-c", "--document-config\tprint the reference of all keys, in Markdown\n");
	check_candidates("completion _", "bash\nzsh\n");
	check_candidates("man c", "command\nconfig\n");
	check_candidates("help dr", "drain\tfinish what is in flight, then stop the orchestrator; containers stay\n");
	check_candidates("-c _", ":files\n");
	check_candidates("status --token-file=/x", ":files\n");
	check_candidates("roll --admin 1:1 -c f", ":files\n");
}
END_TEST

START_TEST(says_what_is_to_be_completed)
{
	check_kind("scale _", COMMAND_SERVICE, "none", "");
	check_kind("scale --admin 1.2.3.4:5 a", COMMAND_SERVICE, "none", "a");
	check_kind("scale acts _", COMMAND_NUMBER, "acts", "");
	check_kind("replace -c x acts 1", COMMAND_SLOT, "acts", "1");
	check_kind("replace acts 1 _", COMMAND_NO_VALUE, "acts", "");
	check_kind("--service a", COMMAND_SERVICE, "none", "a");
	check_kind("--service=a", COMMAND_SERVICE, "none", "a");
	check_kind("nonsense _", COMMAND_NO_VALUE, "none", "");
	check_kind("status --admin _", COMMAND_ADDRESS, "none", "");
}
END_TEST

START_TEST(completion_knows_whom_to_ask)
{
	int count = split("-c first.json roll --admin=1.2.3.4:5 --token-file t _");
	struct completion completion = complete_read(count, words);

	ck_assert_str_eq(completion.access.config_path, "first.json");
	ck_assert_str_eq(completion.access.admin, "1.2.3.4:5");
	ck_assert_str_eq(completion.access.token_file, "t");
	completion = complete_read(0, words);
	ck_assert_int_eq(completion.kind, COMMAND_NO_VALUE);
}
END_TEST

/* getopt and command.c complain on stderr, as they should. */
static void be_quiet(void)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

UNIT_MAIN_WITH("command", be_quiet, NULL, nothing_but_options_runs, an_image_is_all_there_is,
               what_an_image_does_not_go_with, more_variables_than_there_is_room_for, flags_choose_the_action,
               usage_errors, options_of_a_verb_stand_anywhere, help_is_about_the_verb, tables_are_whole,
               completes_from_the_tables, says_what_is_to_be_completed, completion_knows_whom_to_ask)
