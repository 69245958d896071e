/* engines: the table of engines: each can be made, what it wants are keys, and a helper is found by its word. */
#include "orchestrator/engine/engines.h"
#include "orchestrator/config/config_tables.h"

#include "tests/unit/unit.h"

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#define NOTE_SIZE 200

static bool is_key(const struct option *table, const char *key)
{
	while (table->key != NULL && strcmp(table->key, key) != 0)
		table++;
	return table->key != NULL;
}

START_TEST(what_they_want_are_keys)
{
	ck_assert_str_eq(engines[0].name, "docker"); /* the default */
	for (const struct engine_kind *kind = engines; kind->name != NULL; kind++) {
		for (const struct engine_need *need = kind->needs; need->key != NULL; need++)
			ck_assert_msg(is_key(config_service_options, need->key), "%s", need->key);
		for (const char *const *key = kind->unused; *key != NULL; key++)
			ck_assert_msg(is_key(config_service_options, *key) || is_key(config_options, *key), "%s", *key);
	}
}
END_TEST

static void ck_note(const char *key, const char *wanted)
{
	char note[NOTE_SIZE];

	engines_note(key, note, sizeof(note));
	ck_assert_str_eq(note, wanted);
}

START_TEST(help_names_them)
{
	char cut[8];

	ck_note("image", " Engine docker needs it. Engine swarm needs it.");
	ck_note("volumes", " Without effect with engine process.");
	ck_note("env", "");
	engines_note("image", cut, sizeof(cut));
	ck_assert_str_eq(cut, " Engine");
}
END_TEST

START_TEST(each_is_made_with_what_it_can)
{
	char state_dir[] = "/tmp/selfless-engines-XXXXXX", path[sizeof(state_dir) + 16];
	struct engine_settings settings = {.base = event_base_new(),
	                                   .name = "x",
	                                   .own = {"", ""},
	                                   .docker_socket = "/nowhere",
	                                   .socket_dir = "/nowhere"};

	settings.state_dir = mkdtemp(state_dir);
	for (int i = 0; engines[i].name != NULL; i++) {
		struct engine *engine;
		struct err err;

		ck_assert_msg(engines_make(i, &settings, &engine, &err), "%s: %s", engines[i].name, err.message);
		ck_assert_ptr_eq(engine->can, &engines[i].can);
		engine->verbs->free(engine);
	}
	event_base_free(settings.base);
	snprintf(path, sizeof(path), "%s/process", state_dir);
	rmdir(path);
	ck_assert_int_eq(rmdir(state_dir), 0);
}
END_TEST

START_TEST(a_helper_is_found_by_its_word)
{
	char *none[] = {"orchestrator", "status", NULL};
	char *process[] = {
	        "orchestrator", "--enter-cgroup", "/nowhere/cgroup.procs", "0", "0", "/nowhere/x", "x", NULL};
	int code = -1;

	ck_assert(!engines_help(1, none, &code));
	ck_assert(!engines_help(2, none, &code));
	ck_assert_int_eq(code, -1);
	ck_assert(engines_help(7, process, &code));
	ck_assert_int_ne(code, 0);
}
END_TEST

UNIT_MAIN("engines", what_they_want_are_keys, help_names_them, each_is_made_with_what_it_can,
          a_helper_is_found_by_its_word)
