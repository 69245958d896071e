/* What init takes out of names and commands, and what it advises. */
#include "orchestrator/cli/init/health_hint.h"
#include "orchestrator/cli/init/image_advice.h"
#include "orchestrator/cli/init/service_name.h"
#include "orchestrator/cli/init/trial_leave.h"

#include "tests/unit/unit.h"

#include <string.h>

START_TEST(urls_of_health_checks)
{
	static const struct {
		const char *command;
		bool found;
		int port;
		const char *path;
	} cases[] = {
	        {"curl -f http://localhost:8080/health || exit 1", true, 8080, "/health"},
	        {"curl --fail http://localhost/", true, 0, "/"},
	        {"curl --fail http://localhost", true, 0, "/"},
	        {"wget --spider -q 127.0.0.1:3000/api/up", true, 3000, "/api/up"},
	        {"wget -qO- 'http://[::1]:80/a-b_c.d?x=1' >/dev/null", true, 80, "/a-b_c.d?x=1"},
	        {"curl -f http://localhost:${PORT}/ready", true, 0, "/ready"},
	        {"curl -f http://localhost:$PORT/ready", true, 0, "/ready"},
	        {"curl -f \"http://$HOSTNAME:81/x\"", true, 0, "/"},
	        {"curl -f http://localhost:99999/x", true, 0, "/x"},
	        {"curl -f http://localhost:", true, 0, "/"},
	        {"/bin/check --all", false, 0, ""},
	        {"", false, 0, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct health_hint hint;

		ck_assert_msg(health_hint_read(cases[i].command, &hint) == cases[i].found, "%s", cases[i].command);
		if (!cases[i].found)
			continue;
		ck_assert_msg(hint.port == cases[i].port, "%s: %d", cases[i].command, hint.port);
		ck_assert_msg(strcmp(hint.path, cases[i].path) == 0, "%s: %s", cases[i].command, hint.path);
	}
}
END_TEST

START_TEST(names_of_services)
{
	static const char *const cases[][2] = {
	        {"hello", "hello"},
	        {"hello:2", "hello"},
	        {"registry.example:5000/team/hello-web:2", "hello-web"},
	        {"hello@sha256:0123", "hello"},
	        {"sha256:0123456789", "web"},
	        {"team/_x", "x"},
	        {"team/", "web"},
	        {"3f2a", "3f2a"},
	        {"0123456789012345678901234567890123456789012345678901234567890123456789",
	         "0123456789012345678901234567890123456789012345678901234"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[SERVICE_NAME_SIZE];

		service_name_of_image(cases[i][0], name);
		ck_assert_str_eq(name, cases[i][1]);
	}
}
END_TEST

START_TEST(what_to_do_without_the_image)
{
	const struct strings names = {
	        (char *[]){"hello:latest", "actscontainer:latest", "registry.example:5000/team/shop:3", "backend:2"},
	        4};
	static const char *const cases[][2] = {
	        {"helo", "\"helo\" on this host; did you mean \"hello\"?"},
	        {"hello:2", "did you mean \"hello\"?"},
	        {"backend", "did you mean \"backend:2\"?"},
	        {"shop", "did you mean \"registry.example:5000/team/shop:3\"?"},
	        {"other.example/hello", "did you mean \"hello\"?"},
	        {"actscontiner:latest", "did you mean \"actscontainer\"?"},
	        {"postgres", "build it (docker build --tag postgres .) or fetch it (docker pull postgres)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];

		image_advice(cases[i][0], &names, text, sizeof(text));
		ck_assert_msg(strstr(text, cases[i][1]) != NULL, "%s", text);
	}
}
END_TEST

/* A trial that is under way is let be: it takes its container away itself. */
START_TEST(what_a_killed_trial_left)
{
	static const enum engine_state states[] = {ENGINE_CREATED, ENGINE_RUNNING, ENGINE_PAUSED, ENGINE_EXITED,
	                                           ENGINE_OTHER};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct engine_container container = {.state = states[i], .made_ms = 1700000000000};

		ck_assert(!trial_is_remain(&container, 1700000000000));
		ck_assert(!trial_is_remain(&container, 1700000059999));
		ck_assert(trial_is_remain(&container, 1700000060000));
		ck_assert(!trial_is_remain(&container, 1600000000000));
		container.made_ms = 0;
		ck_assert(!trial_is_remain(&container, 1700000060000));
	}
}
END_TEST

UNIT_MAIN("init_words", urls_of_health_checks, names_of_services, what_to_do_without_the_image,
          what_a_killed_trial_left)
