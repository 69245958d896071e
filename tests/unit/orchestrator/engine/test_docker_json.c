/* Replies of the Docker Engine as structs: captured from 20.10 (API 1.41), and by hand in the shape of API 1.52, which
 * left out NetworkSettings.IPAddress and the events' status, id and from. */
#include "orchestrator/engine/docker/docker_json.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ID "66c9fbe5e15ee922e97472f82fa939857be0c4936fd346c32d97e4285826f254"
#define ID2 "4309d902d5fb7df71f8c156a8ba69a4173c7ebe91c7f5f4054051e6826fe6f1d"

static struct err err;

static const char list_41[] =
        "[{\"Id\":\"" ID2 "\",\"Names\":[\"/acts_1\"],\"Image\":\"actscontainer\",\"ImageID\":\"sha256:63b5\","
        "\"Command\":\"/s\",\"Created\":1795503837,\"Ports\":[],\"Labels\":{\"selfless.name\":\"selfless\","
        "\"selfless.id\":\"beef\",\"selfless.owner\":\"00112233445566778899aabbccddeeff\",\"selfless.port\":\"8001\",\"selfless.service\":\"acts\",\"selfless.slot\":\"1\",\"selfless.socket\":\"/run/x/1\","
        "\"selfless.spec\":\"0123456789abcdef\"},\"State\":\"created\",\"Status\":\"Created\",\"HostConfig\":{\"NetworkMode\":"
        "\"selfless\"},\"NetworkSettings\":{\"Networks\":{\"selfless\":{\"IPAMConfig\":null,\"Links\":null,\"Aliases\":null,"
        "\"IPAddress\":\"172.18.0.3\"}}},\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"acts_data\"}]},"
        "{\"Id\":\"" ID
        "\",\"Names\":[\"/web/link\",\"/acts_0\"],\"Image\":\"sha256:63b5\",\"Labels\":{\"selfless.name\":"
        "\"selfless\",\"selfless.slot\":\"first\"},\"State\":\"paused\",\"Status\":\"Up 1 second (Paused)\"},"
        "{\"Id\":\"not an id\"}, 7, {\"Id\":\"" ID "\",\"Names\":null,\"Labels\":null,\"State\":\"removing\"}]";

/* wanted NULL: there is none. */
static void check_address(const struct address *address, const char *wanted)
{
	char text[ADDRESS_TEXT_SIZE] = "";

	if (address->len > 0)
		address_format(address, text);
	ck_assert_str_eq(text, wanted != NULL ? wanted : "");
}

START_TEST(list)
{
	struct engine_container *containers;
	size_t count;

	ck_assert_msg(docker_json_list(list_41, sizeof(list_41) - 1, "selfless", &containers, &count, &err), "%s",
	              err.message);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(containers[0].id, ID2);
	ck_assert_str_eq(containers[0].name, "acts_1");
	ck_assert_str_eq(containers[0].service, "acts");
	ck_assert_str_eq(containers[0].spec, "0123456789abcdef");
	ck_assert_str_eq(containers[0].owner, "00112233445566778899aabbccddeeff");
	ck_assert_str_eq(containers[0].image, "actscontainer");
	check_address(&containers[0].address, "unix:/run/x/1/http");
	check_address(&containers[1].address, NULL);
	ck_assert_int_eq(containers[0].slot, 1);
	ck_assert_int_eq(containers[0].host_port, 8001);
	ck_assert_int_eq(containers[0].state, ENGINE_CREATED);
	ck_assert_str_eq(containers[1].name, "acts_0");
	ck_assert_str_eq(containers[1].service, "");
	ck_assert_str_eq(containers[1].owner, "");
	ck_assert_str_eq(containers[0].identity, "beef");
	ck_assert_str_eq(containers[1].identity, "");
	ck_assert_int_eq(containers[1].slot, -1);
	ck_assert_int_eq(containers[1].state, ENGINE_PAUSED);
	ck_assert_str_eq(containers[2].name, "");
	ck_assert_int_eq(containers[2].state, ENGINE_OTHER);
	free(containers);
}
END_TEST

START_TEST(list_says_for_how_long)
{
	static const struct {
		const char *status;
		int64_t ms;
	} rows[] = {
	        {"Up Less than a second", 0},
	        {"Up 1 second (Paused)", 1000},
	        {"Up 59 seconds", 59000},
	        {"Up About a minute", 60000},
	        {"Up 2 minutes", 60000},
	        {"Up 3 weeks (healthy)", 60000},
	        {"Up -5 seconds", 60000},
	        {"Up 99999999999999999999 seconds", 60000},
	        {"Created", 0},
	        {"Exited (137) 3 seconds ago", 0},
	        {"", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engine_container *containers;
		char text[200];
		size_t count;

		snprintf(text, sizeof(text), "[{\"Id\":\"" ID "\",\"State\":\"running\",\"Status\":\"%s\"}]",
		         rows[i].status);
		ck_assert(docker_json_list(text, strlen(text), "selfless", &containers, &count, &err));
		ck_assert_msg(containers[0].running_ms == rows[i].ms, "%s", rows[i].status);
		free(containers);
	}
}
END_TEST

START_TEST(list_says_since_when)
{
	static const struct {
		const char *created;
		int64_t ms;
	} rows[] = {
	        {"1700000000", 1700000000000}, {"0", 0},     {"-5", 0},
	        {"9223372036854775807", 0},    {"\"x\"", 0}, {"null", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engine_container *containers;
		char text[200];
		size_t count;

		snprintf(text, sizeof(text), "[{\"Id\":\"" ID "\",\"State\":\"exited\",\"Created\":%s}]",
		         rows[i].created);
		ck_assert(docker_json_list(text, strlen(text), "selfless", &containers, &count, &err));
		ck_assert_msg(containers[0].made_ms == rows[i].ms, "%s", rows[i].created);
		free(containers);
	}
}
END_TEST

START_TEST(list_says_who_has_no_network)
{
	static const struct {
		const char *settings;
		bool none;
	} rows[] = {
	        {"{\"Networks\":{}}", true},
	        {"{\"Networks\":{\"selfless\":{}}}", false},
	        {"{\"Networks\":null}", false},
	        {"{\"Networks\":[]}", false},
	        {"{}", false},
	        {"null", false},
	};
	struct engine_container *containers;
	char text[200];
	size_t count;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int len =
		        snprintf(text, sizeof(text), "[{\"Id\":\"" ID "\",\"NetworkSettings\":%s}]", rows[i].settings);

		ck_assert(docker_json_list(text, (size_t)len, "selfless", &containers, &count, &err));
		ck_assert_uint_eq(count, 1);
		ck_assert_msg(containers[0].no_network == rows[i].none, "%s", rows[i].settings);
		free(containers);
	}
}
END_TEST

START_TEST(ports_that_others_hold)
{
	static char *items[] = {"127.0.0.1"};
	static const struct strings addresses = {items, 1};

	static const struct {
		const char *ports;
		bool held;
	} rows[] = {
	        {"[{\"IP\":\"127.0.0.1\",\"PrivatePort\":8000,\"PublicPort\":8001,\"Type\":\"tcp\"}]", true},
	        {"[{\"PrivatePort\":9},{\"IP\":\"0.0.0.0\",\"PublicPort\":8001}]", true},
	        {"[{\"IP\":\"::\",\"PublicPort\":8001}]", true},
	        {"[{\"PublicPort\":8001}]", true},
	        {"[{\"IP\":\"127.0.0.2\",\"PublicPort\":8001}]", false},
	        {"[{\"IP\":\"127.0.0.1\",\"PublicPort\":8000}]", false},
	        {"[{\"IP\":\"127.0.0.1\",\"PrivatePort\":8001}]", false},
	        {"[]", false},
	        {"null", false},
	        {"7", false},
	};
	char text[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "[{\"Id\":\"" ID "\",\"Ports\":%s}]", rows[i].ports);

		ck_assert_msg(docker_json_port_held(text, len, ID2, 8001, &addresses) == rows[i].held, "%s", text);
		ck_assert(!docker_json_port_held(text, len, ID, 8001, &addresses)); /* its own */
	}
	ck_assert(!docker_json_port_held("[{", 2, ID, 8001, &addresses));
	ck_assert(!docker_json_port_held("{}", 2, ID, 8001, &addresses));
}
END_TEST

START_TEST(list_of_none)
{
	struct engine_container *containers;
	size_t count = 9;

	ck_assert(docker_json_list("[]\n", 3, "selfless", &containers, &count, &err));
	ck_assert_uint_eq(count, 0);
	free(containers);
}
END_TEST

START_TEST(list_refuses)
{
	static const char *const texts[] = {"", "{}", "null", "[{\"Id\":", "[}"};
	struct engine_container *containers;
	size_t count;

	ck_assert(!docker_json_list(texts[_i], strlen(texts[_i]), "selfless", &containers, &count, &err));
	ck_assert_str_ne(err.message, "");
}
END_TEST

/* Texts longer than their field are cut, not overrun. */
START_TEST(list_cuts_what_is_too_long)
{
	struct engine_container *containers;
	char text[2000];
	char name[1000];
	size_t count;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text),
	         "[{\"Id\":\"" ID "\",\"Image\":\"%s\",\"Labels\":{\"selfless.slot\":\"99999999999\"}}]", name);
	ck_assert(docker_json_list(text, strlen(text), "selfless", &containers, &count, &err));
	ck_assert_uint_eq(strlen(containers[0].image), ENGINE_IMAGE_SIZE - 1);
	ck_assert_int_eq(containers[0].slot, -1);
	free(containers);
}
END_TEST

static const char inspect_41[] =
        "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"exited\",\"Running\":false,\"Paused\":false,\"OOMKilled\":true,"
        "\"Dead\":false,\"Pid\":0,\"ExitCode\":137,\"Error\":\"\"},\"Name\":\"/acts_0\",\"Config\":{\"Labels\":"
        "{\"selfless.inside\":\"8000\"}},\"NetworkSettings\":{\"IPAddress\":\"\",\"Networks\":{\"other\":{\"IPAddress\":"
        "\"172.19.0.9\"},\"selfless\":{\"Aliases\":[\"acts\",\"66c9fbe5e15e\"],\"IPAddress\":\"172.18.0.2\"}}}}";
static const char inspect_52[] =
        "{\"Id\":\"" ID
        "\",\"State\":{\"Status\":\"running\",\"OOMKilled\":false,\"ExitCode\":0},\"Config\":{\"Labels\":"
        "{\"selfless.inside\":\"8000\"}},\"NetworkSettings\":{\"Networks\":{\"selfless\":{\"IPAddress\":\"172.18.0.2\"}}}}";

START_TEST(inspect)
{
	struct engine_result result = {0};

	ck_assert(docker_json_inspect(inspect_41, sizeof(inspect_41) - 1, "selfless", &result, &err));
	ck_assert_int_eq(result.state, ENGINE_EXITED);
	ck_assert_int_eq(result.exit_code, 137);
	ck_assert(result.oom_killed);
	check_address(&result.address, "172.18.0.2:8000");
}
END_TEST

START_TEST(inspect_of_newer_engines)
{
	struct engine_result result = {0};

	ck_assert(docker_json_inspect(inspect_52, sizeof(inspect_52) - 1, "selfless", &result, &err));
	ck_assert_int_eq(result.state, ENGINE_RUNNING);
	ck_assert_int_eq(result.exit_code, 0);
	ck_assert(!result.oom_killed);
	check_address(&result.address, "172.18.0.2:8000");
}
END_TEST

/* One container as the list and as an inspect tell it; the label of how it is reached is the row's. */
#define LISTED_LABELS(reach, socket)                                                                                   \
	"\"Labels\":{\"selfless.port\":\"8001\",\"selfless.inside\":\"8000\",\"selfless.socket\":\"" socket "\"" reach \
	"}"
#define NETWORK "\"Networks\":{\"selfless\":{\"IPAddress\":\"172.18.0.2\"}}"
#define LISTED(reach, socket, ports)                                                                                \
	"[{\"Id\":\"" ID "\",\"State\":\"running\"," LISTED_LABELS(reach, socket) ",\"Ports\":[" ports              \
	                                                                          "],\"NetworkSettings\":{" NETWORK \
	                                                                          "}}]"
#define INSPECTED(reach, socket, ports)                                                  \
	"{\"State\":{\"Status\":\"running\",\"ExitCode\":0},\"Config\":{" LISTED_LABELS( \
	        reach, socket) "},\"NetworkSettings\":{\"Ports\":{" ports "}," NETWORK "}}"
#define REACH(word) ",\"selfless.reach\":\"" word "\""
#define OTHER_PORT "{\"PrivatePort\":9000,\"Type\":\"tcp\"},"
#define PORT(ip) OTHER_PORT "{\"IP\":\"" ip "\",\"PrivatePort\":8000,\"PublicPort\":8001,\"Type\":\"tcp\"}"
#define BINDING(ip) "\"9000/tcp\":null,\"8000/tcp\":[{\"HostIp\":\"" ip "\",\"HostPort\":\"8001\"}]"
#define BOTH(reach, socket, ip) LISTED(reach, socket, PORT(ip)), INSPECTED(reach, socket, BINDING(ip))

START_TEST(where_it_is_reached)
{
	static const struct {
		const char *listed, *inspected, *address;
	} rows[] = {
	        {BOTH(REACH("published"), "", "0.0.0.0"), "127.0.0.1:8001"},
	        {BOTH(REACH("published"), "", "10.0.0.1"), "10.0.0.1:8001"},
	        {BOTH(REACH("published"), "", "::"), "[::1]:8001"},
	        {BOTH(REACH("published"), "/run/x/1", "127.0.0.1"), "127.0.0.1:8001"},
	        {LISTED(REACH("published"), "", ""), INSPECTED(REACH("published"), "", ""), NULL},
	        {BOTH(REACH("bridge"), "", "127.0.0.1"), "172.18.0.2:8000"},
	        {BOTH(REACH("socket"), "/run/x/1", "127.0.0.1"), "unix:/run/x/1/http"},
	        {BOTH(REACH("socket"), "", "127.0.0.1"), NULL},
	        /* by earlier releases */
	        {BOTH("", "/run/x/1", "127.0.0.1"), "unix:/run/x/1/http"},
	        {BOTH("", "", "127.0.0.1"), "127.0.0.1:8001"},
	        {LISTED("", "", ""), INSPECTED("", "", ""), "172.18.0.2:8000"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *listed = rows[i].listed, *inspected = rows[i].inspected;
		struct engine_container *containers;
		struct engine_result result;
		size_t count;

		ck_assert_msg(docker_json_list(listed, strlen(listed), "selfless", &containers, &count, &err), "%s",
		              err.message);
		check_address(&containers[0].address, rows[i].address);
		free(containers);
		ck_assert_msg(docker_json_inspect(inspected, strlen(inspected), "selfless", &result, &err), "%s",
		              err.message);
		check_address(&result.address, rows[i].address);
		ck_assert(!result.no_network);
	}
}
END_TEST

static void check_sources(const struct engine_sources *sources, const char *wanted)
{
	char text[ENGINE_SOURCES_MAX * (INET6_ADDRSTRLEN + 1)] = "", one[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sources->count; i++) {
		struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_addr = sources->items[i]};

		address_format_host((struct sockaddr *)&addr, one);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", one);
	}
	ck_assert_str_eq(text, wanted);
}

#define NET(name, v4, v6) "\"" name "\":{\"IPAddress\":\"" v4 "\",\"GlobalIPv6Address\":\"" v6 "\"}"
#define NETS(nets) "\"NetworkSettings\":{\"Networks\":{" nets "}}"

START_TEST(where_it_calls_from)
{
	static const struct {
		const char *networks, *sources;
	} rows[] = {
	        {NETS(NET("selfless", "172.18.0.2", "")), "172.18.0.2 "},
	        {NETS(NET("selfless", "172.18.0.2", "fd00::2") "," NET("other", "10.0.0.2", "")),
	         "172.18.0.2 fd00::2 10.0.0.2 "},
	        {NETS(NET("host", "", "")), ""},
	        {NETS(NET("selfless", "300.1.1.1", "x")), ""},
	        {NETS(""), ""},
	        {"\"NetworkSettings\":{}", ""},
	        {"\"x\":1", ""},
	        {NETS(NET("a", "10.0.0.1", "fd00::1") "," NET("b", "10.0.0.2", "fd00::2") "," NET(
	                 "c", "10.0.0.3", "fd00::3") "," NET("d", "10.0.0.4", "fd00::4") "," NET("e", "10.0.0.5", "")),
	         "10.0.0.1 fd00::1 10.0.0.2 fd00::2 10.0.0.3 fd00::3 10.0.0.4 fd00::4 "},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engine_container *containers;
		struct docker_running running;
		char text[1000];
		size_t count;

		snprintf(text, sizeof(text), "{\"State\":{\"Pid\":7},%s}", rows[i].networks);
		docker_json_running(text, strlen(text), &running);
		ck_assert_int_eq(running.pid, 7);
		check_sources(&running.sources, rows[i].sources);
		snprintf(text, sizeof(text), "[{\"Id\":\"" ID "\",%s}]", rows[i].networks);
		ck_assert(docker_json_list(text, strlen(text), "selfless", &containers, &count, &err));
		check_sources(&containers[0].sources, rows[i].sources);
		free(containers);
	}
}
END_TEST

START_TEST(pid_of_inspect)
{
	static const struct {
		const char *text;
		int pid;
	} rows[] = {
	        {"{\"State\":{\"Pid\":4711}}", 4711},
	        {"{\"State\":{\"Pid\":0}}", 0},
	        {"{\"State\":{\"Pid\":-1}}", 0},
	        {"{\"State\":{\"Pid\":4294967297}}", 0},
	        {"{\"State\":{\"Pid\":\"1\"}}", 0},
	        {"{\"State\":{}}", 0},
	        {"{}", 0},
	        {"[", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct docker_running running;

		docker_json_running(rows[i].text, strlen(rows[i].text), &running);
		ck_assert_int_eq(running.pid, rows[i].pid);
		ck_assert_uint_eq(running.sources.count, 0);
	}
}
END_TEST

START_TEST(inspect_without_an_address)
{
	static const char text[] =
	        "{\"State\":{\"Status\":\"created\",\"ExitCode\":0},\"NetworkSettings\":{\"Networks\":"
	        "{\"selfless\":{\"IPAddress\":\"\"}}},\"Config\":{\"Labels\":{\"selfless.inside\":\"8000\"}}}";
	struct engine_result result = {.address = {.len = 1}};

	ck_assert(docker_json_inspect(text, sizeof(text) - 1, "selfless", &result, &err));
	ck_assert_int_eq(result.state, ENGINE_CREATED);
	ck_assert(result.no_network);
	check_address(&result.address, NULL);
	ck_assert(!docker_json_inspect("{\"State\":{}}", 12, "selfless", &result, &err));
}
END_TEST

static const char die_41[] =
        "{\"status\":\"die\",\"id\":\"" ID "\",\"from\":\"h3test\",\"Type\":\"container\",\"Action\":\"die\",\"Actor\":"
        "{\"ID\":\"" ID
        "\",\"Attributes\":{\"exitCode\":\"137\",\"image\":\"a\",\"name\":\"acts_0\"}},\"scope\":\"local\","
        "\"time\":1795503839,\"timeNano\":1795503839543102023}";
static const char die_52[] = "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"" ID "\",\"Attributes\":"
                             "{\"exitCode\":\"137\"}},\"scope\":\"local\",\"timeNano\":1795503839543102023}";

static bool read_event(const char *text, struct docker_event *event)
{
	struct json_doc *doc;
	bool taken;

	ck_assert_msg(json_parse(text, strlen(text), NULL, &doc, &err), "%s", err.message);
	taken = docker_json_event(json_root(doc), event);
	json_free(doc);
	return taken;
}

START_TEST(event_die)
{
	struct docker_event event;

	ck_assert(read_event(_i == 0 ? die_41 : die_52, &event));
	ck_assert_int_eq(event.event.type, ENGINE_EVENT_DIE);
	ck_assert_str_eq(event.event.id, ID);
	ck_assert_int_eq(event.event.exit_code, 137);
	ck_assert_int_eq(event.event.engine_time_ns, INT64_C(1795503839543102023));
}
END_TEST

START_TEST(event_kill)
{
	struct docker_event event;

	ck_assert(read_event("{\"Type\":\"container\",\"Action\":\"kill\",\"Actor\":{\"ID\":\"" ID
	                     "\",\"Attributes\":{\"name\":\"acts_0\",\"signal\":\"15\"}}}",
	                     &event));
	ck_assert_int_eq(event.event.type, ENGINE_EVENT_KILL);
	ck_assert_int_eq(event.event.signal, SIGTERM);
	ck_assert(read_event("{\"Type\":\"container\",\"Action\":\"kill\",\"Actor\":{\"ID\":\"" ID "\"}}", &event));
	ck_assert_int_eq(event.event.signal, 0);
}
END_TEST

START_TEST(event_actions)
{
	static const struct {
		const char *action;
		bool taken;
		enum engine_event_type type;
	} rows[] = {
	        {"die", true, ENGINE_EVENT_DIE},
	        {"oom", true, ENGINE_EVENT_OOM},
	        {"start", true, ENGINE_EVENT_START},
	        {"pause", true, ENGINE_EVENT_PAUSE},
	        {"unpause", true, ENGINE_EVENT_UNPAUSE},
	        {"destroy", true, ENGINE_EVENT_DESTROY},
	        {"exec_die", false, 0},
	        {"health_status: healthy", false, 0},
	        {"kill", true, ENGINE_EVENT_KILL},
	};
	struct docker_event event;
	char text[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"" ID "\"}}",
		         rows[i].action);
		ck_assert_int_eq(read_event(text, &event), rows[i].taken);
		if (rows[i].taken)
			ck_assert_int_eq(event.event.type, rows[i].type);
	}
	ck_assert(!read_event("{\"Type\":\"network\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"" ID "\"}}", &event));
	ck_assert(!read_event("{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"\"}}", &event));
	ck_assert(!read_event("{}", &event));
}
END_TEST

START_TEST(versions)
{
	static const char text[] = "{\"Platform\":{\"Name\":\"\"},\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\","
	                           "\"MinAPIVersion\":\"1.12\"}";
	int most;
	int least;

	ck_assert(docker_json_version(text, sizeof(text) - 1, &most, &least, &err));
	ck_assert_int_eq(most, 41);
	ck_assert_int_eq(least, 12);
	ck_assert(docker_json_version("{\"ApiVersion\":\"1.24\"}", 21, &most, &least, &err));
	ck_assert_int_eq(least, 0);
	ck_assert(!docker_json_version("{\"ApiVersion\":\"2.0\"}", 20, &most, &least, &err));
	ck_assert(!docker_json_version("<html>", 6, &most, &least, &err));
}
END_TEST

START_TEST(api_minor)
{
	ck_assert_int_eq(docker_json_api_minor("1.41"), 41);
	ck_assert_int_eq(docker_json_api_minor("1.9"), 9);
	ck_assert_int_eq(docker_json_api_minor(""), -1);
	ck_assert_int_eq(docker_json_api_minor("2.1"), -1);
	ck_assert_int_eq(docker_json_api_minor("1."), -1);
	ck_assert_int_eq(docker_json_api_minor("1.-4"), -1);
	ck_assert_int_eq(docker_json_api_minor("1.4x"), -1);
	ck_assert_int_eq(docker_json_api_minor("1.99999999999"), -1);
}
END_TEST

START_TEST(what_an_image_runs)
{
	static const struct {
		const char *text;
		bool own_command;
		const char *words; /* each with a ; behind */
	} rows[] = {
	        {"{\"Config\":{\"Entrypoint\":[\"/a\",\"b c\"],\"Cmd\":[\"d\"]}}", false, "/a;b c;d;"},
	        {"{\"Config\":{\"Entrypoint\":[\"/a\",\"b c\"],\"Cmd\":[\"d\"]}}", true, "/a;b c;own;"},
	        {"{\"Config\":{\"Entrypoint\":null,\"Cmd\":[\"d\",\"\"]}}", false, "d;;"},
	        {"{\"Config\":{\"Entrypoint\":[\"\"],\"Cmd\":[\"d\"]}}", true, "own;"},
	        {"{\"Config\":{\"Entrypoint\":[\"/a\"],\"Cmd\":null}}", false, "/a;"},
	        {"{\"Config\":{\"Entrypoint\":null,\"Cmd\":null}}", false, ""},
	        {"{\"Config\":null}", false, ""},
	        {"{}", false, ""},
	};
	static char *own_items[] = {"own"};
	static const struct strings own = {own_items, 1}, none = {NULL, 0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct strings words = {NULL, 0};
		struct buf joined;

		ck_assert(docker_json_image(rows[i].text, strlen(rows[i].text), rows[i].own_command ? &own : &none,
		                            &words, &err));
		buf_init(&joined, 100);
		for (size_t k = 0; k < words.count; k++)
			ck_assert(buf_add_format(&joined, "%s;", words.items[k]));
		ck_assert_str_eq(buf_text(&joined), rows[i].words);
		buf_clear(&joined);
		strings_clear(&words);
	}
	ck_assert(!docker_json_image("[", 1, &none, &(struct strings){NULL, 0}, &err));
}
END_TEST

START_TEST(created)
{
	static const char text[] = "{\"Id\":\"" ID "\",\"Warnings\":[]}\n";
	char id[ENGINE_ID_SIZE];

	ck_assert(docker_json_created(text, sizeof(text) - 1, id, &err));
	ck_assert_str_eq(id, ID);
	ck_assert(!docker_json_created("{\"Id\":\"../x\"}", 13, id, &err));
	ck_assert(!docker_json_created("{}", 2, id, &err));
	ck_assert(!docker_json_created("{\"Id\":\"" ID "0\"}", 74, id, &err));
}
END_TEST

START_TEST(messages)
{
	char message[20];

	docker_json_message("{\"message\":\"No such container: x\"}\n", 35, message, sizeof(message));
	ck_assert_str_eq(message, "No such containe...");
	docker_json_message("Container c is not running\n", 27, message, sizeof(message));
	ck_assert_str_eq(message, "Container c is ...");
	docker_json_message("page not found\n", 15, message, sizeof(message));
	ck_assert_str_eq(message, "page not found\n");
	docker_json_message("{\"message\":7}", 13, message, sizeof(message));
	ck_assert_str_eq(message, "{\"message\":7}");
	docker_json_message("", 0, message, sizeof(message));
	ck_assert_str_eq(message, "");
	docker_json_message("{\"message\":\"of " ID "\"}", 15 + 64 + 2, message, sizeof(message));
	ck_assert_str_eq(message, "of 66c9fbe5e15e");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	        list,
	        list_says_for_how_long,
	        list_says_since_when,
	        list_says_who_has_no_network,
	        ports_that_others_hold,
	        list_of_none,
	        list_cuts_what_is_too_long,
	        inspect,
	        inspect_of_newer_engines,
	        inspect_without_an_address,
	        where_it_is_reached,
	        where_it_calls_from,
	        pid_of_inspect,
	        event_kill,
	        event_actions,
	        versions,
	        api_minor,
	        what_an_image_runs,
	        created,
	        messages,
	};
	Suite *suite = suite_create("docker_json");
	TCase *cases = tcase_create("replies");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_loop_test(cases, list_refuses, 0, 5);
	tcase_add_loop_test(cases, event_die, 0, 2);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
