/* config_doubts: what would never scale is said, with the key and what to do; what is meant so is not. */
#include "orchestrator/config/config_doubts.h"

#include "tests/unit/orchestrator/config/config_text.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define SERVICE(more) "{\"services\": [{\"name\": \"site\", \"image\": \"x\", " more "}]}"
#define COUNT(more) SERVICE("\"routes\": [\"/shop\", \"/a/b/\"], \"scale\": {" more "}")

struct told {
	size_t count;
	char last[CONFIG_DOUBT_SIZE];
};

static void on_doubt(const char *doubt, void *arg)
{
	struct told *told = arg;

	told->count++;
	snprintf(told->last, sizeof(told->last), "%s", doubt);
}

static struct told tell(const char *text)
{
	struct told told = {0};
	struct config *config;
	struct err err;

	ck_assert_msg(config_of_text(text, strlen(text), &config, &err), "%s", err.message);
	config_doubts(config, on_doubt, &told);
	config_free(config);
	return told;
}

static const struct {
	const char *text;
	const char *says; /* NULL: nothing */
} cases[] = {
        {SERVICE("\"routes\": \"/\""), NULL},
        {SERVICE("\"routes\": \"/\", \"scale\": {\"count\": \"/api/v1/\"}"), NULL},
        {COUNT("\"count\": \"/api/v1/\""),
         "services[0].scale.count: no request is counted, for nothing under \"/api/v1/\""},
        {COUNT("\"count\": \"/api/v1/\""), "stays at 1 container;"},
        {COUNT("\"count\": \"/api/v1/\", \"min\": 0"), "stays at 0 containers;"},
        {COUNT("\"count\": \"/api/v1/\", \"min\": 2, \"max\": 2"), NULL},
        {COUNT("\"count\": []"), NULL},
        {COUNT("\"count\": [\"/api/v1/\", \"/shop/cart\"]"), NULL},
        {COUNT("\"count\": \"/a\""), NULL},
        {COUNT("\"count\": \"/a/b\""), NULL},
        {COUNT("\"count\": \"/a/bc\""), "\"/a/bc\""},
        {COUNT("\"count\": \"/shopping\""), "\"/shopping\""},
        {COUNT("\"count\": \"/\""), NULL},
};

START_TEST(what_is_doubted)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told = tell(cases[i].text);

		ck_assert_msg(told.count == (cases[i].says != NULL), "%s", cases[i].text);
		ck_assert_msg(cases[i].says == NULL || strstr(told.last, cases[i].says) != NULL, "%s", told.last);
	}
}
END_TEST

START_TEST(the_built_in_one_is_beyond_doubt)
{
	struct told told = {0};
	struct config *config;
	struct err err;

	ck_assert(config_load(NULL, &config, &err));
	config_doubts(config, on_doubt, &told);
	ck_assert_uint_eq(told.count, 0);
	config_free(config);
}
END_TEST

UNIT_MAIN("config_doubts", what_is_doubted, the_built_in_one_is_beyond_doubt)
