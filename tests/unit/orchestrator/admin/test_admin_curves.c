/* curves: what a step keeps, how long, and what is unknown. */
#include "orchestrator/admin/curves.h"

#include "common/buf.h"
#include "common/json.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US 1000000
#define STEP_S (CURVES_STEP_US / SECOND_US)

static struct curves *curves;
static struct buf out;
static int64_t now_us;

static void make(void)
{
	curves = curves_new();
	buf_init(&out, 1 << 20);
	now_us = 77 * (int64_t)SECOND_US;
}

static void clear(void)
{
	curves_free(curves);
	buf_clear(&out);
}

/* One round, with one service and its slot 2; probe_us -1: it does not answer. */
static bool look(const char *name, uint64_t requests, int ready, int64_t probe_us)
{
	struct curves_reading reading = {
	        .service = name, .requests = requests, .counted = requests / 2, .ready = ready, .wanted = 3};

	curves_begin(curves, now_us);
	struct curves_service *service = curves_service(curves, &reading);
	if (probe_us >= 0)
		curves_probe(service, 2, probe_us);
	now_us += SECOND_US;
	return curves_end(curves);
}

static const char *written(uint64_t after)
{
	struct json_writer w;

	buf_reset(&out);
	json_writer_init(&w, &out);
	json_begin_object(&w);
	curves_write(&w, curves, after, now_us);
	json_end_object(&w);
	ck_assert(json_writer_ok(&w));
	return buf_text(&out);
}

static void expect(uint64_t after, const char *part)
{
	ck_assert_msg(strstr(written(after), part) != NULL, "no %s in %s", part, buf_text(&out));
}

START_TEST(a_step_has_its_sum_its_longest_and_its_fewest)
{
	static const int64_t probes[] = {900, 7000, -1, 1100, 800};
	static const int ready[] = {3, 3, 1, 2, 3};

	for (int i = 0; i < STEP_S; i++)
		ck_assert(!look("acts", 10 * (uint64_t)i, ready[i], probes[i]));
	expect(0, "\"steps\":0");
	ck_assert_msg(strstr(buf_text(&out), "[1") == NULL && strstr(buf_text(&out), "7000") == NULL, "%s",
	              buf_text(&out));
	ck_assert(look("acts", 100, 3, 500)); /* belongs to the next step, and so do its requests */
	expect(0, "\"step_ms\":5000,\"steps\":1,\"ended_ms_ago\":1000,");
	expect(0, "{\"name\":\"acts\",\"requests\":[40],\"counted\":[20],\"ready\":[1],\"wanted\":[3],"
	          "\"slots\":[{\"slot\":2,\"probe_us\":[7000]}]}");
}
END_TEST

START_TEST(ten_minutes_are_kept)
{
	for (int i = 0; i < STEP_S * CURVES_STEPS * 2 + 1; i++)
		look("acts", (uint64_t)i, i / STEP_S, 1000 + i / STEP_S);
	const char *text = written(0);
	int commas = 0;
	for (const char *at = strstr(text, "\"probe_us\":["); *at != ']'; at++)
		commas += *at == ',';
	ck_assert_int_eq(commas, CURVES_STEPS - 1);
	expect(0, "\"steps\":240");
	expect(0, "\"probe_us\":[1120,1121,");
	expect(0, ",1238,1239]");
	expect(0, "\"ready\":[120,");
	expect(239, "\"probe_us\":[1239]");
	expect(240, "\"probe_us\":[]");
}
END_TEST

START_TEST(a_counter_that_fell_adds_nothing)
{
	for (int i = 0; i < STEP_S; i++)
		look("acts", i < 3 ? 1000 + (uint64_t)i : 5, 1, -1);
	look("acts", 5, 1, -1);
	expect(0, "\"requests\":[2]");
	expect(0, "\"slots\":[]");
}
END_TEST

START_TEST(where_nobody_looked_nothing_is_known)
{
	for (int i = 0; i < STEP_S; i++)
		look("acts", 4, 1, 100);
	now_us += 2 * CURVES_STEP_US;
	for (int i = 0; i < STEP_S; i++)
		look("acts", 1000000 + (uint64_t)i, 1, 100);
	look("acts", 1000004, 1, 100);
	expect(0, "\"requests\":[0,null,null,4],\"counted\":[2,null,null,500002]");
	expect(0, "\"probe_us\":[100,null,null,100]");
	now_us += (CURVES_STEPS + 50) * (int64_t)CURVES_STEP_US;
	look("acts", 1000004, 1, 200);
	ck_assert_msg(strstr(written(0), "100") == NULL, "%s", buf_text(&out)); /* not even where its cell was */
}
END_TEST

START_TEST(services_come_and_go)
{
	struct curves_reading both[] = {{.service = "users", .wanted = 1}, {.service = "acts", .wanted = 3}};

	look("acts", 8, 1, 100);
	for (int i = 0; i <= STEP_S; i++, now_us += SECOND_US) {
		curves_begin(curves, now_us);
		curves_service(curves, &both[0]);
		curves_service(curves, &both[1]);
		curves_end(curves);
	}
	expect(0, "{\"name\":\"acts\",\"requests\":[0],");
	expect(0, "{\"name\":\"users\",\"requests\":[0],");
	look("users", 0, 1, -1);
	ck_assert_msg(strstr(written(0), "acts") == NULL, "%s", buf_text(&out));
	expect(0, "\"services\":[{\"name\":\"users\",\"requests\":[0],");
}
END_TEST

START_TEST(a_slot_that_is_gone_is_forgotten)
{
	look("acts", 0, 1, 100);
	for (int i = 0; i < STEP_S * CURVES_STEPS; i++)
		look("acts", 0, 1, -1);
	expect(0, "\"slot\":2");
	for (int i = 0; i < STEP_S; i++)
		look("acts", 0, 1, -1);
	expect(0, "\"slots\":[]");
	look("acts", 0, 1, 300); /* and may come again */
	expect(0, "\"slot\":2");
}
END_TEST

UNIT_MAIN_WITH("curves", make, clear, a_step_has_its_sum_its_longest_and_its_fewest, ten_minutes_are_kept,
               a_counter_that_fell_adds_nothing, where_nobody_looked_nothing_is_known, services_come_and_go,
               a_slot_that_is_gone_is_forgotten)
