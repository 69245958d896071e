/* What engines say when they refuse becomes the right fault and says what to do. Texts as sent by 20.10 and 28. */
#include "orchestrator/engine/docker/docker_fault.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct row {
	int status;
	const char *text;
	enum engine_fault fault;
	const char *advice; /* found in the explanation */
};

static const struct row rows[] = {
        {404, "No such container: acts_0", ENGINE_NOT_FOUND, "No such container"},
        {404, "No such image: nosuch:latest", ENGINE_NO_IMAGE, "image acts:1 not found: build it (docker/up does)"},
        {404, "no such image: nosuch: No such image: nosuch:latest", ENGINE_NO_IMAGE, "docker pull acts:1"},
        {409,
         "Conflict. The container name \"/acts_0\" is already in use by container \"66c9\". You have to remove (or rename) "
         "that container to be able to reuse that name.",
         ENGINE_NAME_TAKEN, "remove or rename"},
        {409,
         "Error when allocating new name: Conflict. The container name \"/acts_0\" is already in use by container \"6\".",
         ENGINE_NAME_TAKEN, "remove or rename"},
        {500,
         "driver failed programming external connectivity on endpoint acts_0 (7c): Bind for 127.0.0.1:8000 failed: port is "
         "already allocated",
         ENGINE_PORT_TAKEN, "first_port"},
        {500,
         "driver failed programming external connectivity on endpoint acts_0 (06): Error starting userland proxy: listen "
         "tcp4 127.0.0.1:18312: bind: address already in use",
         ENGINE_PORT_TAKEN, "ss -ltnp"},
        {500,
         "failed to set up container networking: driver failed programming external connectivity on endpoint acts_0 (06): "
         "failed to bind host port 127.0.0.1:8000/tcp: address already in use",
         ENGINE_PORT_TAKEN, "first_port"},
        {500, "listen tcp4 10.9.9.9:8000: bind: cannot assign requested address", ENGINE_REFUSED, "publish"},
        {404, "network selfless not found", ENGINE_NO_NETWORK, "anew"},
        {404, "get v: no such volume", ENGINE_NO_VOLUME, "anew"},
        {500, "error while mounting volume '/x': failed to mount local volume: no such file or directory",
         ENGINE_NO_VOLUME, "docker volume inspect"},
        {500, "write /var/lib/docker/x: no space left on device", ENGINE_NO_SPACE, "docker system df"},
        {404, "network selfless is ambiguous (2 matches found on name)", ENGINE_REFUSED, "docker network rm"},
        {400, "Minimum memory limit allowed is 6MB", ENGINE_REFUSED, "memory_mb"},
        {400, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", ENGINE_REFUSED, "`cpus`"},
        {500,
         "invalid volume specification: 'v:rel': invalid mount config for type \"volume\": invalid mount path: 'rel' mount "
         "path must be absolute",
         ENGINE_REFUSED, "/path"},
        {409, "Container 66c9 is not running", ENGINE_REFUSED, "is not running"},
        {500, "Container 66c9 is not paused", ENGINE_REFUSED, "is not paused"},
        {404, "page not found", ENGINE_NOT_FOUND, "page not found"},
        {503, "", ENGINE_REFUSED, ""},
};

START_TEST(port_is_read)
{
	static const struct {
		const char *text;
		int port;
	} texts[] = {
	        {"endpoint acts_0 (7c): Bind for 127.0.0.1:8000 failed: port is already allocated: look", 8000},
	        {"Bind for [::1]:65535 failed: port is already allocated", 65535},
	        {"Bind for :::1 failed: port is already allocated", 1},
	        {"Bind for 127.0.0.1: failed: port is already allocated", 0},
	        {"8000 failed: port is already allocated", 0},
	        {":123456 failed: port is already allocated", 0},
	        {" failed: port is already allocated", 0},
	        {"port is already allocated", 0},
	        {"listen tcp4 127.0.0.1:18312: bind: address already in use", 0},
	        {"", 0},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(docker_fault_port(texts[i].text), texts[i].port);
}
END_TEST

START_TEST(reads_and_explains)
{
	const struct row *row = &rows[_i];
	enum engine_fault fault = docker_fault_read(row->status, row->text);
	char message[400];

	ck_assert_str_eq(engine_fault_text(fault), engine_fault_text(row->fault));
	docker_fault_explain(fault, row->text, "acts:1", message, sizeof(message));
	ck_assert_msg(strstr(message, row->advice) != NULL, "\"%s\" lacks \"%s\"", message, row->advice);
}
END_TEST

START_TEST(is_cut_to_its_room)
{
	char message[20];

	docker_fault_explain(ENGINE_REFUSED, "no space left on device", NULL, message, sizeof(message));
	ck_assert_str_eq(message, "no space left ...");
}
END_TEST

START_TEST(every_fault_has_a_word)
{
	for (int fault = ENGINE_OK; fault < ENGINE_FAULTS; fault++)
		ck_assert_ptr_nonnull(engine_fault_text((enum engine_fault)fault));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("docker_fault");
	TCase *cases = tcase_create("faults");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(cases, reads_and_explains, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(cases, port_is_read);
	tcase_add_test(cases, is_cut_to_its_room);
	tcase_add_test(cases, every_fault_has_a_word);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
