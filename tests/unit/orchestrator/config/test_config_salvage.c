/* config_salvage: where the orchestrator is, out of files with faults of many kinds, and which faults are too much. */
#include "orchestrator/config/config_salvage.h"

#include "orchestrator/config/config_file.h"
#include "tests/unit/orchestrator/config/config_text.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct config *config;
static struct err err;

static bool salvage(const char *text)
{
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	ck_assert(fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_msg(!config_load(path, &config, &err), "it is not bad: %s", text);
	bool ok = config_salvage(path, &config, &err);
	close(fd);
	return ok;
}

/* The four as they are found, the first of admin alone. */
static void check(const char *text, const char *name, const char *socket_dir, const char *admin, const char *token_file)
{
	ck_assert_msg(salvage(text), "%s: %s", text, err.message);
	ck_assert_str_eq(config->name, name);
	ck_assert_str_eq(config->socket_dir, socket_dir);
	ck_assert_str_eq(config->admin.items[0], admin);
	ck_assert_str_eq(config->admin_token_file, token_file);
	config_free(config);
}

#define ADMIN "127.0.0.1:9090"
#define SERVICE "{\"name\": \"web\", \"image\": \"x\"}"

START_TEST(a_key_that_nobody_knows)
{
	check("{\"name\": \"shop\", \"rutes\": [], \"services\": [" SERVICE "]}", "shop", "/run/shop", ADMIN, "");
	check("{\"services\": [" SERVICE ", {\"rutes\": 1, \"name\": \"b\"}], \"socket_dir\": \"/tmp/s\"}", "selfless",
	      "/tmp/s", ADMIN, "");
	check("{\"x\": 1, \"admin\": [ // a comment, \"10.0.0.9:1\"]\n\"10.0.0.1:1\", /* ] */ \"[::1]:2\"],"
	      "\"admin_token_file\": \"/t\"}",
	      "selfless", "/run/selfless", "10.0.0.1:1", "/t");
}
END_TEST

START_TEST(a_text_that_is_no_json)
{
	static const char *const faults[] = {
	        "\"services\": [}",
	        "\"services\": [{\"name\": \"web\"",
	        "\"services\": [{]}}]",
	        ("\"services\": " SERVICE "}}"),
	        "\"services: [],",
	        "\"services\": [,,]",
	        ("\"services\": /* [" SERVICE),
	        "= 1; [ \"name\" ]",
	        "\\",
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{\"name\": \"sh\\u006fp\",\n\"admin\": \"127.0.0.1:1\"\n%s", faults[i]);
		check(text, "shop", "/run/shop", "127.0.0.1:1", "");
	}
}
END_TEST

START_TEST(what_stands_behind_the_fault)
{
	static const char *const faults[] = {
	        "\"services\": [" SERVICE "],,",
	        "\"services\" [" SERVICE "]",
	        "\"services\": [" SERVICE " " SERVICE "],",
	        "\"services\": [{\"name\": \"web}],\n}],",
	        "\"services\": [{\"name\": \"web\"}}],",
	        "<<<<<<< HEAD\n",
	        "// \"name\": \"no\"\n/* \"name\": \"no\" */ \"name\" \"no\", \"services\": [\"name\": \"no\"],",
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{%s \"name\": \"shop\", \"socket_dir\" : /**/ \"/tmp/s\"}", faults[i]);
		check(text, "shop", "/tmp/s", ADMIN, "");
	}
}
END_TEST

START_TEST(one_of_the_four_is_the_fault)
{
	check("{\"name\": \"shop\", \"admin\": \"nonsense\"}", "shop", "/run/shop", ADMIN, "");
	check("{\"name\": \"shop\", \"admin\": [\"0.0.0.0:1\"], \"services\": [" SERVICE "]}", "shop", "/run/shop",
	      ADMIN, "");
	check("{\"name\": 7, \"admin_token_file\": {\"name\": \"x\"}}", "selfless", "/run/selfless", ADMIN, "");
	ck_assert(!salvage("{\"name\": \"no name\", \"services\": [" SERVICE "]}"));
	ck_assert(!config_salvage("/nonexistent/file.json", &config, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/file.json"));
}
END_TEST

START_TEST(nothing_at_all)
{
	static const char *const texts[] = {"",
	                                    "{",
	                                    "}",
	                                    "\"",
	                                    "{\"",
	                                    "{\"name",
	                                    "{\"name\"",
	                                    "{\"name\":",
	                                    "{\"name\": [",
	                                    "/",
	                                    "/*",
	                                    "{\"name\": [\"\\",
	                                    "\xff\xfe\xfd",
	                                    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i][0] != '\xff')
			check(texts[i], "selfless", "/run/selfless", ADMIN, "");
	ck_assert(!salvage("\xff\xfe\xfd"));
}
END_TEST

UNIT_MAIN("config_salvage", a_key_that_nobody_knows, a_text_that_is_no_json, what_stands_behind_the_fault,
          one_of_the_four_is_the_fault, nothing_at_all)
