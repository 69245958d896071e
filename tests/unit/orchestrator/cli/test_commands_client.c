/* client: what it makes of addresses, of fleets, and of a terminal's size. */
#include "orchestrator/cli/client/admin_address.h"
#include "orchestrator/cli/client/fleet_view.h"
#include "orchestrator/cli/client/screen.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/wrap.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* --- addresses ------------------------------------------------------------------------------------------------- */

static char address[ADMIN_ADDRESS_SIZE];
static struct err err;

START_TEST(addresses_as_given)
{
	static const char *const good[][2] = {
	        {"127.0.0.1:9090", "127.0.0.1:9090"},
	        {"[::1]:1", "[::1]:1"},
	        {"host.example:65535", "host.example:65535"},
	        {"0.0.0.0:9090", "127.0.0.1:9090"},
	        {"[::]:9090", "[::1]:9090"},
	        {":9090", "127.0.0.1:9090"},
	};
	static const char *const bad[] = {"",         "host",    "host:", "host:0",         "host:65536",
	                                  "host:1x",  "ho st:1", "a/b:1", "user@host:1",    "http://host:1",
	                                  "host:1/x", "[::1:1",  "a:b:1", "host:1\nX: y:1", "h?x:1"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_msg(admin_address_check(good[i][0], address, &err), "%s: %s", good[i][0], err.message);
		ck_assert_str_eq(address, good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!admin_address_check(bad[i], address, &err), "%s gave %s", bad[i], address);
}
END_TEST

static const char *pick(const char *first, const char *second, const char *third)
{
	struct strings admin = {0};
	const char *const texts[] = {first, second, third};

	for (size_t i = 0; i < 3 && texts[i] != NULL; i++)
		strings_add(&admin, texts[i]);
	bool ok = admin_address_pick(&admin, address, &err);
	strings_clear(&admin);
	return ok ? address : NULL;
}

START_TEST(addresses_of_a_configuration)
{
	ck_assert_str_eq(pick("10.0.0.1:1", NULL, NULL), "10.0.0.1:1");
	ck_assert_str_eq(pick("10.0.0.1:1", "127.0.0.1:2", "[::1]:3"), "127.0.0.1:2");
	ck_assert_str_eq(pick("0.0.0.0:1", "10.0.0.1:2", NULL), "127.0.0.1:1");
	ck_assert_str_eq(pick("node:1", "10.0.0.1:2", NULL), "10.0.0.1:2");
	ck_assert_ptr_null(pick("node:1", NULL, NULL));
	ck_assert_ptr_null(pick(NULL, NULL, NULL));
}
END_TEST

/* --- tables ---------------------------------------------------------------------------------------------------- */

static char *text;
static size_t text_len;

static FILE *open_text(void)
{
	return open_memstream(&text, &text_len);
}

/* What was printed is this. */
static void check_text(FILE *to, const char *wanted)
{
	fclose(to);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(columns_are_as_wide_as_what_is_in_them)
{
	static const struct table_column columns[] = {{"NAME", false}, {"N", true}, {"LAST", false}};
	struct table *table = table_new(columns, 3);

	table_add(table, TABLE_PLAIN, "%s", "a");
	table_add(table, TABLE_GOOD, "%d", 7);
	table_add(table, TABLE_PLAIN, "%s", "x");
	table_add(table, TABLE_PLAIN, "%s", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
	table_add(table, TABLE_BAD, "%d", 1234);
	table_add(table, TABLE_PLAIN, "%s", "");
	FILE *to = open_text();
	table_print(table, false, to);
	check_text(to, "NAME      N  LAST\n"
	               "a         7  x\n"
	               "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4  1234  \n");
	to = open_text();
	table_print(table, true, to);
	fclose(to);
	ck_assert_ptr_nonnull(strstr(text, "a         \033[32m7\033[0m  x\n"));
	free(text);
	table_free(table);
}
END_TEST

START_TEST(no_text_moves_the_cursor)
{
	static const struct table_column columns[] = {{"X", false}};
	struct table *table = table_new(columns, 1);

	table_add(table, TABLE_PLAIN, "%s",
	          "a\033[2Jb\nc\x7f\xc2\x9b"
	          "d");
	FILE *to = open_text();
	table_print(table, false, to);
	check_text(to, "X\na?[2Jb?c???d\n");
	to = open_text();
	table_safe_text("\r\t", to);
	check_text(to, "??");
	table_free(table);
}
END_TEST

/* --- fleets ---------------------------------------------------------------------------------------------------- */

static struct json_doc *doc;

static const struct json_value *fleet_of(const char *json)
{
	ck_assert_msg(json_parse(json, strlen(json), NULL, &doc, &err), "%s", err.message);
	return json_root(doc);
}

static char *view(const char *json)
{
	FILE *to = open_text();

	fleet_view_print(fleet_of(json), &(struct fleet_view_how){.lately = 2}, to);
	fclose(to);
	json_free(doc);
	return text;
}

#define SLOT(state, more)                                                                                   \
	"{\"slot\":0,\"state\":\"" state "\",\"reason\":\"probe-good\",\"message\":\"\",\"image\":\"img\"," \
	"\"container\":\"0123456789abcdef\",\"address\":\"127.0.0.1:8000\",\"in_flight\":2,\"requests\":6," \
	"\"probe_ms\":2.063,\"since_ms\":13755" more "}"
#define SERVICE(places)                                                                                      \
	"{\"name\":\"acts\",\"wanted\":1,\"min\":1,\"max\":10,\"window\":{\"count\":9,\"ends_in_ms\":86267," \
	"\"last_count\":4},\"in_flight\":2,\"held\":0,\"requests\":9,\"replacements\":3," places "}"
#define FLEET(services)                                                                                  \
	"{\"name\":\"selfless\",\"engine\":{\"up\":true},\"services\":[" services "],\"connections\":5," \
	"\"uptime_s\":7300,\"version\":\"1.2\"}"

START_TEST(how_long_it_is_up)
{
	static const struct {
		const char *uptime, *shown;
	} cases[] = {
	        {"\"uptime_s\":0,\"uptime_ms\":7", "up 0.0 s, "},
	        {"\"uptime_s\":0,\"uptime_ms\":412", "up 0.4 s, "},
	        {"\"uptime_s\":9,\"uptime_ms\":9949", "up 9.9 s, "},
	        {"\"uptime_s\":9,\"uptime_ms\":9951", "up 9.9 s, "},
	        {"\"uptime_s\":10,\"uptime_ms\":10000", "up 10 s, "},
	        {"\"uptime_s\":180,\"uptime_ms\":180999", "up 3 min, "},
	        {"\"uptime_s\":34", "up 34 s, "}, /* of an orchestrator before this one */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char json[400];
		snprintf(json, sizeof(json), "{\"name\":\"n\",\"services\":[],%s}", cases[i].uptime);
		char *got = view(json);
		ck_assert_msg(strstr(got, cases[i].shown) != NULL, "%s: %s", cases[i].uptime, got);
		free(got);
	}
}
END_TEST

START_TEST(a_fleet)
{
	char *got = view(FLEET(SERVICE("\"slots\":[" SLOT("ready", "") "]")));

	ck_assert_str_eq(
	        got, "selfless: version 1.2, up 2 h, 5 connections\n"
	             "\n"
	             "SERVICE  READY  WANTED  RANGE  WINDOW  LAST  DECIDES IN  IN FLIGHT  HELD  REQUESTS  REPLACED\n"
	             "acts         1       1   1-10       9     4        86 s          2     0         9         3\n"
	             "\n"
	             "SERVICE  SLOT  STATE  REASON      CONTAINER     IMAGE  IN FLIGHT  REQUESTS   PROBE  SINCE\n"
	             "acts     0     ready  probe-good  0123456789ab  img            2         6  2.1 ms   13 s\n");
	free(got);
}
END_TEST

#define ON(state, node) "{\"slot\":0,\"state\":\"" state "\",\"node\":\"" node "\"}"

/* Of several hosts each has a line, and each container says where it is. */
START_TEST(nodes)
{
	char *got = view(
	        "{\"name\":\"n\",\"engine\":{\"up\":true,\"nodes\":["
	        "{\"node\":\"one (10.0.0.1)\",\"state\":\"ready\",\"manager\":true,\"reachable\":true,\"leader\":true,"
	        "\"self\":true},{\"node\":\"two (10.0.0.2)\",\"state\":\"down\",\"manager\":true},"
	        "{\"node\":\"w (10.0.0.3)\",\"state\":\"ready\"}],"
	        "\"node_loss\":{\"covered\":false,\"text\":\"the loss of a node is not covered: x\\u001b\"}},\"services\":["
	        "{\"name\":\"acts\",\"slots\":[" ON("ready", "one (10.0.0.1)") "," ON(
	                "down",
	                "two (10.0.0.2)") "],"
	                                  "\"spares\":[" ON("ready",
	                                                    "w (10.0.0.3)") "]},"
	                                                                    "{\"name\":\"users\",\"slots\":[" ON(
	                                                                            "ready", "w (10.0.0.3)") "]}]}");

	ck_assert_ptr_nonnull(strstr(got, "0 connections\nthe loss of a node is not covered: x?\n\n"
	                                  "NODE            STATE  ROLE              READY CONTAINERS\n"
	                                  "one (10.0.0.1)  ready  leader, this one  acts 1\n"
	                                  "two (10.0.0.2)  down   manager, away     -\n"
	                                  "w (10.0.0.3)    ready  worker            acts 1, users 1\n"
	                                  "\nSERVICE  READY"));
	ck_assert_ptr_nonnull(strstr(got, "SINCE  NODE\n"));
	ck_assert_ptr_nonnull(strstr(got, "  -  one (10.0.0.1)\n"));
	free(got);
	got = view("{\"engine\":{\"nodes\":[],\"node_loss\":null},\"services\":[{\"slots\":[{}]}]}");
	ck_assert_ptr_null(strstr(got, "NODE"));
	free(got);
}
END_TEST

START_TEST(messages_and_others_than_slots)
{
	char *got = view(FLEET(
	        SERVICE("\"slots\":[{\"slot\":0,\"state\":\"backing-off\",\"message\":\"no such\\u001b image\","
	                "\"container\":null,\"probe_ms\":null},{\"slot\":1,\"state\":\"empty\",\"message\":\"\"}],"
	                "\"spares\":[{\"spare\":0,\"state\":\"ready\",\"stands_in_for\":0},"
	                "{\"spare\":1,\"state\":\"spare\",\"stands_in_for\":null}],"
	                "\"leaving\":[{\"slot\":2,\"state\":\"draining\"},{\"slot\":-1,\"state\":\"ready\"}]")));

	ck_assert_ptr_nonnull(strstr(got, "acts slot 0: no such? image\n"));
	ck_assert_ptr_nonnull(strstr(got, "acts     0              backing-off  -"));
	ck_assert_ptr_null(strstr(got, "empty"));
	ck_assert_ptr_nonnull(strstr(got, "spare 0 for 0"));
	ck_assert_ptr_nonnull(strstr(got, "spare 1 "));
	ck_assert_ptr_nonnull(strstr(got, "2 before"));
	ck_assert_ptr_nonnull(strstr(got, "stand-in"));
	free(got);
}
END_TEST

START_TEST(what_is_missing_is_a_dash)
{
	static const char *const odd[] = {"{\"services\":[]}", "{\"services\":[{}]}", "{\"services\":[1,null,[]]}",
	                                  "{\"services\":[{\"name\":7,\"slots\":{},\"spares\":3,\"leaving\":[null]}]}",
	                                  "{\"services\":[{\"slots\":[{}],\"window\":[]}],\"engine\":{\"up\":false}}"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		ck_assert(fleet_view_check(fleet_of(odd[i])));
		json_free(doc);
		free(view(odd[i]));
	}
	char *got = view(odd[4]);
	ck_assert_ptr_nonnull(strstr(got, "ENGINE DOES NOT ANSWER"));
	free(got);
	ck_assert(!fleet_view_check(fleet_of("[]")));
	json_free(doc);
	ck_assert(!fleet_view_check(fleet_of("{\"services\":{}}")));
	json_free(doc);
}
END_TEST

#define AWAY "\"engine\":{\"up\":false,\"cause\":\"it is away: start it\",\"since_ms\":12000}"
#define TROUBLE "\"troubles\":[{\"what\":\"state\",\"cause\":\"/x is full: make room\"}]"

START_TEST(what_is_wrong_with_the_whole)
{
	char *got = view("{\"name\":\"n\",\"services\":[]," AWAY "," TROUBLE "}");

	ck_assert_ptr_nonnull(strstr(got, "0 connections\nTHE ENGINE DOES NOT ANSWER, for 12 s\n"
	                                  "engine: it is away: start it\nstate: /x is full: make room\n\nSERVICE"));
	free(got);
}
END_TEST

static char *view_slot(const char *members)
{
	char json[1000];

	snprintf(json, sizeof(json),
	         "{\"services\":[{\"name\":\"acts\",\"image\":\"web:2\",\"slots\":[{\"slot\":0,%s}]}]}", members);
	return view(json);
}

START_TEST(causes)
{
	static const struct {
		const char *members, *shown;
	} cases[] = {
	        {"\"state\":\"backing-off\",\"cause\":\"no image: build it\",\"message\":\"m\",\"attempts\":4,"
	         "\"retry_in_ms\":3200",
	         "acts slot 0: no image: build it (4 tries, the next one in 3 s)\n"},
	        {"\"cause\":\"c\",\"engine_says\":\"No such\\u001b image\",\"attempts\":1,\"retry_in_ms\":null",
	         "acts slot 0: c (1 try)\n    the engine says: No such? image\n"},
	        {"\"cause\":\"c\",\"attempts\":0,\"retry_in_ms\":100", "acts slot 0: c (the next one in 100 ms)\n"},
	        {"\"image\":\"web:1\",\"image_why\":\"the roll failed\"",
	         "acts slot 0: runs web:1, configured is web:2: the roll failed\n"},
	        {"\"waits_for\":\"acts_0 is being stopped\",\"since_ms\":22000",
	         "acts slot 0: acts_0 is being stopped (for 22 s)\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = view_slot(cases[i].members);

		ck_assert_msg(strstr(got, cases[i].shown) != NULL, "%s: %s", cases[i].shown, got);
		free(got);
	}
}
END_TEST

START_TEST(rolls)
{
	char *got = view(
	        "{\"services\":[{\"name\":\"acts\",\"roll_cause\":\"its last roll failed: mend that\",\"roll\":{\"what\":\"roll\","
	        "\"begun\":true,\"slot\":2,\"done\":1,\"of\":3,\"waits_for\":\"acts_2 finishes 3 requests\","
	        "\"since_ms\":12000}},{\"name\":\"users\",\"roll\":{\"what\":\"replace\",\"begun\":true,\"of\":1}},"
	        "{\"name\":\"a\",\"roll\":{\"what\":\"replace\",\"begun\":false,\"of\":0}},"
	        "{\"name\":\"b\",\"roll\":{\"what\":\"ports\",\"begun\":true,\"done\":1,\"of\":2}}]}");

	ck_assert_ptr_nonnull(strstr(got,
	                             "acts: a roll is under way, 1 of 3 done, now slot 2: acts_2 finishes 3 requests "
	                             "(for 12 s)\n"));
	ck_assert_ptr_nonnull(strstr(got, "\nacts: its last roll failed: mend that\n"));
	ck_assert_ptr_nonnull(strstr(got, "users: a container is being replaced, as was ordered, 0 of 1 done\n"));
	ck_assert_ptr_nonnull(strstr(got, "a: a container is to be replaced, as was ordered\n"));
	ck_assert_ptr_nonnull(strstr(got, "b: a stand-in serves, since others have the ports, 1 of 2 slots serve\n"));
	free(got);
}
END_TEST

START_TEST(lately)
{
	char *got;

	setenv("TZ", "UTC", 1);
	got = view(
	        "{\"services\":[],\"lately\":[{\"time_ms\":1000,\"what\":\"fault\",\"service\":\"acts\",\"slot\":1,"
	        "\"cause\":\"it exited: mend it\",\"times\":3,\"open\":true,\"took_ms\":null},{\"time_ms\":0,"
	        "\"what\":\"reload-refused\",\"service\":null,\"slot\":null,\"cause\":\"no\",\"times\":1,\"took_ms\":310},"
	        "{\"what\":\"fault\"}]}");
	ck_assert_ptr_nonnull(strstr(got, "\nLATELY (2 of 3; --lately shows all)\n"
	                                  "01-01 00:00:01  fault acts slot 1, 3 times, goes on: it exited: mend it\n"
	                                  "01-01 00:00:00  reload-refused, well after 310 ms: no\n"));
	ck_assert_str_eq(got + strlen(got) - 4, " no\n");
	free(got);
}
END_TEST

static void check_wrapped(const char *line, int columns, const char *wanted)
{
	FILE *to = open_text();

	wrap_print(line, columns, to);
	check_text(to, wanted);
}

START_TEST(sentences_are_wrapped)
{
	check_wrapped("one two three four five", 0, "one two three four five\n");
	check_wrapped("one two three four five", 23, "one two three four five\n");
	check_wrapped("one two three four five", 22, "one two three four\n    five\n");
	check_wrapped("onetwothreefourfivesixseven", 20, "onetwothreefourfives\n    ixseven\n");
	check_wrapped("\033[1mone two three four five\033[0m", 23, "\033[1mone two three four five\033[0m\n");
	check_wrapped("\xc3\xa4ne two three four five", 23, "\xc3\xa4ne two three four five\n");
	check_wrapped("one two", 3, "one two\n");
}
END_TEST

static bool serves(const char *json)
{
	bool found = fleet_view_serves(fleet_of(json));

	json_free(doc);
	return found;
}

START_TEST(who_serves)
{
	ck_assert(serves(FLEET(SERVICE("\"slots\":[" SLOT("ready", "") "]"))));
	ck_assert(!serves(FLEET(SERVICE("\"slots\":[" SLOT("starting", "") "]"))));
	ck_assert(!serves(FLEET(SERVICE("\"slots\":[" SLOT("ready", "") "]") "," SERVICE("\"slots\":[]"))));
	ck_assert(serves(FLEET(SERVICE("\"slots\":[],\"spares\":[{\"state\":\"ready\"}]"))));
	ck_assert(serves(FLEET(SERVICE("\"slots\":[],\"leaving\":[{\"slot\":-1,\"state\":\"ready\"}]"))));
	ck_assert(serves(FLEET("{\"wanted\":0,\"slots\":[]}")));
	const struct json_value *fleet = fleet_of(FLEET(SERVICE("\"slots\":[]") "," SERVICE("\"slots\":[]")));
	ck_assert_int_eq(fleet_view_in_flight(fleet), 4);
	ck_assert_ptr_nonnull(fleet_view_service(fleet, "acts"));
	ck_assert_ptr_null(fleet_view_service(fleet, "act"));
	json_free(doc);
}
END_TEST

/* --- the screen ------------------------------------------------------------------------------------------------ */

static void check_drawn(int rows, int columns, const char *picture, const char *wanted)
{
	struct screen screen = {.terminal = true, .rows = rows, .columns = columns};
	FILE *to = open_text();

	screen_draw(&screen, picture, to);
	check_text(to, wanted);
}

START_TEST(a_picture_is_cut_to_the_screen)
{
	check_drawn(4, 10, "one\ntwo\n", "\033[Hone\033[K\ntwo\033[K\n\033[J");
	check_drawn(4, 10, "1\n2\n3\n", "\033[H1\033[K\n2\033[K\n3\033[K\n\033[J");
	check_drawn(4, 20, "1\n2\n3\n4\n", "\033[H1\033[K\n2\033[K\n... 2 more lines\033[K\n\033[J");
	check_drawn(4, 4,
	            "\xc3\xa4"
	            "bcdef\n",
	            "\033[H\xc3\xa4"
	            "bc\033[K\n\033[J");
	check_drawn(4, 4, "\033[32mabcdef\033[0m\n", "\033[H\033[32mabc\033[0m\033[K\n\033[J");
	check_drawn(1, 4, "1\n", "\033[H... 1 more lines\033[K\n\033[J");
	check_drawn(4, 4, "", "\033[H\033[J");
}
END_TEST

UNIT_MAIN("client", addresses_as_given, addresses_of_a_configuration, columns_are_as_wide_as_what_is_in_them,
          no_text_moves_the_cursor, how_long_it_is_up, a_fleet, nodes, messages_and_others_than_slots,
          what_is_missing_is_a_dash, what_is_wrong_with_the_whole, causes, rolls, lately, sentences_are_wrapped,
          who_serves, a_picture_is_cut_to_the_screen)
