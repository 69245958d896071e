/* reload: whole or not at all, in which order, and what is freed when. Control, proxy and admin are the test's own. */
#include "orchestrator/reload.h"

#include "common/clock.h"
#include "orchestrator/admin/admin.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/proxy/proxy.h"
#include "tests/unit/orchestrator/fleet/fake_timer.h"
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SERVICE(name) "{\"name\": \"" name "\", \"image\": \"x\"}"

static char path[] = "/tmp/test-reload-XXXXXX";
static char told[200]; /* who was told what, in order */
static size_t leaving; /* services that are still on their way out */
static bool log_opens;
static const struct config *current; /* of those that were told */
static struct event_base *base;
static struct reload *reload;
static struct err err;

/* --- those that are told --------------------------------------------------------------------------------------- */

static void tell(const char *who)
{
	size_t len = strlen(told);

	snprintf(told + len, sizeof(told) - len, "%s%s", len > 0 ? " " : "", who);
}

void supervisors_reload(struct supervisors *supervisors, const struct config *config)
{
	(void)supervisors;
	current = config;
	tell("supervisors");
}

size_t supervisors_sweep(struct supervisors *supervisors)
{
	(void)supervisors;
	return leaving;
}

size_t supervisors_count(const struct supervisors *supervisors)
{
	(void)supervisors;
	return config_service_count(current);
}

struct supervisor *supervisors_at(const struct supervisors *supervisors, size_t index)
{
	(void)supervisors;
	(void)index;
	return NULL;
}

bool proxy_reload_log(struct proxy *proxy, const char *log, struct err *error)
{
	(void)proxy;
	tell("log");
	return log_opens || err_set(error, "access_log: cannot open %s", log);
}

void proxy_reload(struct proxy *proxy, const struct config *config, struct supervisor *const *supervisors)
{
	(void)proxy;
	(void)supervisors;
	ck_assert_ptr_eq(config, current);
	tell("proxy");
}

size_t proxy_sweep(struct proxy *proxy)
{
	(void)proxy;
	tell("sweep");
	return 0;
}

void admin_reload(struct admin *admin, const struct config *config)
{
	(void)admin;
	ck_assert_ptr_eq(config, current);
	tell("admin");
}

/* --- the bench ------------------------------------------------------------------------------------------------- */

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static void make(void)
{
	struct config *config;

	clock_fake(1000000);
	close(mkstemp(path));
	write_file("{\"services\": [" SERVICE("a") "]}");
	ck_assert_msg(config_load(path, &config, &err), "%s", err.message);
	base = event_base_new();
	reload = reload_new(&(struct reload_settings){.base = base, .path = path, .config = config});
	log_opens = true;
	leaving = 0;
	told[0] = '\0';
}

static void clear(void)
{
	reload_free(reload);
	event_base_free(base);
	unlink(path);
	clock_fake(-1);
}

static void check_refused(const char *word)
{
	const struct config *before = reload_config(reload);

	ck_assert(!reload_now(reload, &err));
	ck_assert_msg(strstr(err.message, word) != NULL, "%s", err.message);
	ck_assert_ptr_eq(reload_config(reload), before);
	ck_assert_msg(strstr(told, "supervisors") == NULL, "%s", told);
}

/* --- promises -------------------------------------------------------------------------------------------------- */

START_TEST(applied_whole_and_in_order)
{
	write_file("{\"services\": [" SERVICE("a") ", {\"name\": \"b\", \"image\": \"x\", \"routes\": \"/b\"}]}");
	ck_assert_msg(reload_now(reload, &err), "%s", err.message);
	ck_assert_str_eq(told, "supervisors proxy admin");
	ck_assert_uint_eq(config_service_count(reload_config(reload)), 2);
	ck_assert_ptr_eq(reload_config(reload), current);
}
END_TEST

START_TEST(the_log_first_since_it_can_fail)
{
	write_file("{\"access_log\": \"/var/log/x\", \"services\": [" SERVICE("a") "]}");
	log_opens = false;
	check_refused("cannot open /var/log/x");
	log_opens = true;
	told[0] = '\0';
	ck_assert(reload_now(reload, &err));
	ck_assert_str_eq(told, "log supervisors proxy admin");
}
END_TEST

START_TEST(refused_whole)
{
	write_file("{\"services\": [");
	check_refused("the text ends too early");
	write_file("{\"services\": [" SERVICE("a") "], \"rutes\": []}");
	check_refused("rutes");
	write_file("{\"name\": \"other\", \"services\": [" SERVICE("a") "]}");
	check_refused("name: cannot change while the orchestrator runs");
	unlink(path);
	check_refused(path);
	ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(the_built_in_has_no_file)
{
	struct config *config;

	reload_free(reload);
	ck_assert(config_load(NULL, &config, &err));
	reload = reload_new(&(struct reload_settings){.base = base, .config = config});
	check_refused("no file to read");
}
END_TEST

/* An earlier configuration is read by services that leave: freed too early, the sanitizer would say so here. */
START_TEST(the_earlier_one_is_kept_while_it_is_read)
{
	const struct config *before = reload_config(reload);

	leaving = 1;
	ck_assert(reload_now(reload, &err));
	fake_time_pass(base, 1000000);
	ck_assert_str_eq(config_service_at(before, 0)->name, "a");
	ck_assert_ptr_nonnull(strstr(told, "sweep sweep sweep"));
	leaving = 0;
	fake_time_pass(base, 1000000);
	told[0] = '\0';
	fake_time_pass(base, 1000000);
	ck_assert_str_eq(told, "");
}
END_TEST

UNIT_MAIN_WITH("reload", make, clear, applied_whole_and_in_order, the_log_first_since_it_can_fail, refused_whole,
               the_built_in_has_no_file, the_earlier_one_is_kept_while_it_is_read)
