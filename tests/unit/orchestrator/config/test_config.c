/* config: what is refused and where it says the fault is, what is completed, and that what is printed reads back. */
#include "orchestrator/config/config_file.h"

#include "orchestrator/config/config_check.h"
#include "tests/unit/orchestrator/config/config_text.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define SERVICE(more) "{\"services\": [{\"name\": \"acts\", \"image\": \"x\"" more "}]}"
#define TWO(first, second) \
	"{\"services\": [{\"name\": \"acts\", \"image\": \"x\"" first "},\n {\"image\": \"x\"" second "}]}"

#define ONE_MORE "\"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}"

/* 87 bytes: /a1_10.01234567/http behind it makes 107, the most there may be */
#define LONG_DIR                                                                                               \
	"{\"socket_dir\": \"/run/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789" \
	"/more2"

static const unsigned char key[CONFIG_KEY_SIZE] = {1};

static struct config *load(const char *text)
{
	struct config *config;
	struct err err;
	bool ok = config_of_text(text, strlen(text), &config, &err);

	ck_assert_msg(ok, "%s: %s", ok ? "" : err.message, text);
	return config;
}

START_TEST(the_built_in_one_is_good)
{
	struct config *config;
	struct err err;

	ck_assert(config_load(NULL, &config, &err));
	ck_assert_uint_eq(config_service_count(config), 2);
	ck_assert_str_eq(config->listen.items[0], "0.0.0.0:80");
	ck_assert_str_eq(config->socket_dir, "/run/selfless");
	ck_assert_str_eq(config->state_dir, "/var/lib/selfless");
	const struct config_service *acts = config_service_at(config, 0), *users = config_service_at(config, 1);
	ck_assert_int_eq(acts->first_port, 8000);
	ck_assert_int_eq(acts->roll_port, 8010);
	ck_assert_int_eq(users->first_port, 8080);
	ck_assert_int_eq(users->scale.max, 1);
	ck_assert_int_eq(acts->reach, REACH_SOCKET);
	ck_assert_int_eq(users->reach, REACH_SOCKET);
	for (size_t i = 0; i < 2; i++) {
		const struct config_service *service = config_service_at(config, i);
		ck_assert_uint_eq(service->private_paths.count, 3);
		ck_assert_str_eq(service->health.path, "/api/v1/_health");
		ck_assert_uint_eq(service->scale.count.count, 1);
		ck_assert_str_eq(service->scale.count.items[0], "/api/v1/");
	}
	config_free(config);
	config_free(NULL);
}
END_TEST

/* What is ours alone is nobody else's default: an image that we know nothing of is asked at /, keeps nothing private, and all
 * that it serves is counted. */
START_TEST(an_image_of_ones_own)
{
	struct config *config =
	        load("{\"services\": ["
	             "{\"name\": \"a1\", \"image\": \"x\", \"routes\": [\"/a\", \"/b/\"], \"scale\": {\"max\": 2}},"
	             "{\"name\": \"b1\", \"image\": \"x\", \"routes\": \"/c\", \"scale\": {\"count\": []}},"
	             "{\"name\": \"c1\", \"image\": \"x\", \"routes\": \"/d\", \"scale\": {\"count\": \"/d/x\"}},"
	             "{\"name\": \"d1\", \"image\": \"x\", \"routes\": \"/e\"}]}");

	for (size_t i = 0; i < 4; i++) {
		const struct config_service *service = config_service_at(config, i);
		ck_assert_str_eq(service->health.path, "/");
		ck_assert_uint_eq(service->private_paths.count, 0);
		ck_assert_uint_eq(service->scale.not_counted.count, 0);
		ck_assert(i == 1 || i == 2 || strings_equal(&service->scale.count, &service->routes));
	}
	ck_assert_uint_eq(config_service_at(config, 1)->scale.count.count, 0);
	ck_assert_uint_eq(config_service_at(config, 2)->scale.count.count, 1);
	ck_assert_str_eq(config_service_at(config, 2)->scale.count.items[0], "/d/x");
	config_free(config);
}
END_TEST

/* Whoever names hosts and no paths means all of them, and it is counted. */
START_TEST(routes_of_hosts)
{
	struct config *config =
	        load("{\"services\": ["
	             "{\"name\": \"a1\", \"image\": \"x\", \"hosts\": \"a.example.org\"},"
	             "{\"name\": \"b1\", \"image\": \"x\", \"hosts\": \"b.example.org\", \"routes\": \"/b\"},"
	             "{\"name\": \"c1\", \"image\": \"x\"}]}");
	static const char *const routes[] = {"/", "/b", "/api/v1/"};

	for (size_t i = 0; i < 3; i++) {
		const struct config_service *service = config_service_at(config, i);
		ck_assert_uint_eq(service->routes.count, 1);
		ck_assert_str_eq(service->routes.items[0], routes[i]);
		ck_assert(strings_equal(&service->scale.count, &service->routes));
	}
	config_free(config);
}
END_TEST

static const struct {
	const char *text;
	const char *says; /* part of the message */
} bad[] = {
        {"", ":1:1: "},
        {"[]", ":1:1: "},
        {"{\n  \"services\": [,]}", ":2:16: "},
        {"{}", "services: "},
        {"{\"services\": []}", "services"},
        {"{\"services\": [{\"image\": \"x\"}]}", "name"},
        {"{\"colour\": 1}", "colour"},
        {SERVICE(", \"colour\": 1"), "services[0].colour"},
        {SERVICE(", \"port\": 65536"), "services[0].port"},
        {SERVICE(", \"port\": \"80\""), "services[0].port"},
        {SERVICE(", \"image\": \"y\""), "image"},
        {SERVICE(", \"scale\": {\"min\": 3, \"max\": 2}"), "services[0].scale.min"},
        {SERVICE(", \"routes\": []"), "services[0].routes"},
        {SERVICE(", \"routes\": [\"api\"]"), "must begin with /"},
        {SERVICE(", \"env\": {\"SELFLESS_ID\": \"x\"}"), "SELFLESS_ID is the orchestrator's to set"},
        {SERVICE(", \"routes\": [\"/a//b\"]"), "plain path"},
        {SERVICE(", \"routes\": [\"/a/./b\"]"), "plain path"},
        {SERVICE(", \"routes\": [\"/a/..\"]"), "plain path"},
        {SERVICE(", \"private\": [\"/api/v1/%5Fcrash\"]"), "plain path"},
        {SERVICE(", \"private\": [\"/a?b\"]"), "services[0].private"},
        {SERVICE(", \"scale\": {\"count\": [\"x\"]}"), "services[0].scale.count"},
        {SERVICE(", \"health\": {\"path\": \"x\"}"), "services[0].health.path"},
        {SERVICE(", \"volumes\": [\"x\"]"), "no volume"},
        {SERVICE(", \"volumes\": [\"x:/y\"]"), "two characters"},
        {SERVICE(", \"env\": {\"\": \"x\"}"), "env"},
        {SERVICE(", \"publish\": [\"localhost\"]"), "no IP address"},
        {SERVICE(", \"publish\": [\"10.0.0.0/8\"]"), "no IP address"},
        {SERVICE(", \"publish\": []"), "publish"},
        {SERVICE(", \"first_port\": 65530"), "65535"},
        {SERVICE(", \"first_port\": 8000, \"spare_port\": 8005"), "services[0].spare_port"},
        {SERVICE(", \"reach\": \"magic\""), "services[0].reach"},
        {LONG_DIR "3\", \"services\": [{\"name\": \"a1\", \"image\": \"x\", \"reach\": \"socket\"}]}",
         "at most 107 bytes"},
        {SERVICE("") "x", ":1:"},
        {"{\"services\": [{\"name\": \"a b\", \"image\": \"x\"}]}", "services[0].name"},
        {"{\"services\": [{\"name\": \"acts\"}]}", "image"},
        {"{\"engine\": \"process\", \"services\": [{\"name\": \"acts\"}]}", "command"},
        {"{\"engine\": \"process\", \"services\": [{\"name\": \"acts\", \"command\": [\"/x\"], \"reach\": \"socket\","
         " \"publish\": []}]}",
         "engine process needs an address"},
        {"{\"swarm\": {\"peers\": [\"10.0.0.2:9090\"]}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "only engine swarm has"},
        {"{\"engine\": \"swarm\", \"swarm\": {\"peers\": [\"10.0.0.2:9090\"]}, \"services\": [{\"name\": \"a1\", \"image\": "
         "\"x\"}]}",
         "swarm.token_file"},
        {"{\"engine\": \"swarm\", \"swarm\": {\"peers\": [\"two\"], \"token_file\": \"/x\"}, \"services\": [{\"name\": \"a1\", "
         "\"image\": \"x\"}]}",
         "\"two\" is no ADDRESS:PORT"},
        {"{\"engine\": \"swarm\", \"swarm\": {\"poll_ms\": 20}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "swarm.poll_ms"},
        {"{\"engine\": \"swarm\", \"admin\": \"node:9090\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "\"node:9090\" is not a loopback address: that needs admin_token_file"},
        {"{\"admin\": \"node:9090\", \"admin_token_file\": \"/x\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "only with engine swarm is this host a node"},
        {"{\"engine\": \"swarm\", \"admin\": \"node:0\", \"admin_token_file\": \"/x\", \"services\": [{\"name\": \"a1\", \"image\": "
         "\"x\"}]}",
         "\"node:0\" is no ADDRESS:PORT"},
        {"{\"engine\": \"swarm\", \"admin\": [\"[::]:1\", \"node:1\"], \"admin_token_file\": \"/x\", \"services\": [{\"name\": \"a1\", "
         "\"image\": \"x\"}]}",
         "\"node:1\" is one of the addresses of \"[::]:1\": leave it out"},
        {"{\"engine\": \"swarm\", \"admin\": [\"node:1\", \"node:1\"], \"admin_token_file\": \"/x\", \"services\": [{\"name\": \"a1\", "
         "\"image\": \"x\"}]}",
         "twice"},
        {"{\"engine\": \"swarm\", \"services\": [{\"name\": \"a.b\", \"image\": \"x\"}]}",
         "services[0].name: \"a.b\": with engine swarm"},
        {"{\"engine\": \"swarm\", \"name\": \"a23456789012345678901234567890123456789012345678901234567890\", \"services\": "
         "[{\"name\": \"a1\", \"image\": \"x\"}]}",
         "a name has 55 bytes at most"},
        {"{\"engine\": \"swarm\", \"services\": [{\"name\": \"a1\", \"image\": \"x\", \"volumes\": [\"data:/x\"]}]}",
         "local_volumes"},
        {TWO("", ", \"name\": \"acts\", \"routes\": \"/x\""), "2:"},
        {TWO("", ", \"name\": \"b2\""), "is a route of service \"acts\""},
        {TWO(", \"routes\": \"/x\"", ", \"name\": \"b2\", \"routes\": \"/x///\""), "plain path"},
        {TWO(", \"routes\": \"/x\"", ", \"name\": \"b2\", \"routes\": \"/x/\""), "is a route of service \"acts\""},
        {TWO(", \"first_port\": 8000", ", \"name\": \"b2\", \"routes\": \"/x\", \"first_port\": 8010"), "overlap"},
        {TWO(", \"first_port\": 8000, \"spare_port\": 9005",
             ", \"name\": \"b2\", \"routes\": \"/x\", \"first_port\": 9000"),
         "overlap"},
        {"{\"listen\": \"80\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "no ADDRESS:PORT"},
        {"{\"listen\": [\":80\", \":80\"], \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "twice"},
        {"{\"listen\": [], \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "listen: empty"},
        {"{\"tls\": {\"listen\": \"443\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "tls.listen: \"443\" is no ADDRESS:PORT"},
        {"{\"listen\": \":443\", \"tls\": {\"listen\": \"0.0.0.0:443\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "stands in listen, too"},
        {"{\"http1\": \"evhttp\", \"tls\": {\"listen\": \":443\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "TLS is not possible with"},
        {"{\"tls\": {\"min_version\": \"1.1\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "tls.min_version"},
        {"{\"acme\": {\"agree_to_terms\": true}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.agree_to_terms: certificates would be ordered"},
        {"{\"listen\": [], \"tls\": {\"listen\": \":443\"}, \"acme\": {\"agree_to_terms\": true, \"challenges\": \"http-01\"}, \"services\": "
         "[{\"name\": \"a1\", \"image\": \"x\", \"hosts\": [\"a.example.org\"]}]}",
         "acme.challenges: \"a.example.org\" cannot be proven to be this machine's: http-01 needs an address in listen"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"agree_to_terms\": true, \"challenges\": \"tls-alpn-01\", \"names\": \"192.0.2.1\"}, \"services\": "
         "[{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.challenges: \"192.0.2.1\" cannot be proven"},
        {"{\"acme\": {\"challenges\": [\"http-01\", \"dns-01\"]}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.challenges: \"dns-01\" is none that can be answered here"},
        {"{\"acme\": {\"challenges\": [\"http-01\", \"http-01\"]}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.challenges: \"http-01\" stands there twice"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"directory\": \"http://ca.example/directory\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.directory: \"http://ca.example/directory\" is no https URL"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"directory\": \"https:///directory\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.directory: "},
        {"{\"acme\": {\"fallback\": \"http://ca.example/directory\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.fallback: \"http://ca.example/directory\" is no https URL"},
        {"{\"acme\": {\"directory\": \"https://ca.example/d\", \"fallback\": \"https://ca.example/d\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.fallback: \"https://ca.example/d\" is what acme.directory names already"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"email\": \"me\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.email: \"me\" is no address"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"email\": \"me@a@b\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.email: "},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"eab_kid\": \"k\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.eab_key_file: is missing"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"eab_key_file\": \"k\"}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.eab_kid: is missing"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"names\": [\"*.example.org\"]}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.names: \"*.example.org\": a certificate for a wildcard"},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"names\": [\"a b\"]}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.names: \"a b\": "},
        {"{\"tls\": {\"listen\": \":443\"}, \"acme\": {\"challenges\": []}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "acme.challenges"},
        {"{\"tls\": {\"certificates\": [{\"cert\": \"a\"}]}, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}",
         "tls.certificates[0].key"},
        {SERVICE(", \"hosts\": \"example.org:80\""),
         "services[0].hosts: \"example.org:80\": write it without the port"},
        {SERVICE(", \"hosts\": [\"a.org\", \"A.ORG.\"]"), "services[0].hosts: \"A.ORG.\" stands there twice"},
        {TWO(", \"hosts\": [\"a.org\", \"b.org\"]", ", \"name\": \"b2\", \"hosts\": [\"c.org\", \"B.org\"]"),
         "services[1].routes: \"/\" is a route of service \"acts\" already, for the host"},
        {"{\"redirects\": [{\"from\": \"a.org\", \"to\": \"b.org\"},\n {\"from\": \"A.org\", \"to\": \"c.org\"}], " ONE_MORE,
         "redirects[1].from: \"A.org\" is redirected already"},
        {"{\"redirects\": [{\"from\": \"a.org\", \"to\": \"A.org\"}], " ONE_MORE,
         "redirects[0].to: \"A.org\" is redirected"},
        {"{\"redirects\": [{\"from\": \"a.org\", \"to\": \"b.org\"}, {\"from\": \"c.org\", \"to\": \"a.org\"}], " ONE_MORE,
         "redirects[1].to: \"a.org\" is redirected itself"},
        {"{\"redirects\": [{\"from\": \"*.a.org\", \"to\": \"b.org\"}], " ONE_MORE, "redirects[0].from: "},
        {"{\"redirects\": [{\"from\": \"a.org\", \"to\": \"b.org:80\"}], " ONE_MORE, "redirects[0].to: "},
        {"{\"redirects\": [{\"from\": \"a.org\", \"to\": \"b.org\", \"code\": 303}], " ONE_MORE,
         "redirects[0].code: 303: "},
        {"{\"redirects\": [{\"from\": \"S.org\", \"to\": \"b.org\"}], \"services\": [{\"name\": \"a1\", \"image\": \"x\","
         " \"hosts\": \"s.org\"}]}",
         "redirects[0].from: \"S.org\" is a host of service \"a1\""},
        {"{\"admin\": \"0.0.0.0:9\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "admin_token_file"},
        {"{\"trusted_proxies\": \"10/8\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "no network"},
        {"{\"name\": \"-x\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "name"},
        {"{\"max_body_bytes\": 4294967296, \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}", "max_body_bytes"},
};

START_TEST(refuses_and_says_where)
{
	struct config *config = NULL;
	struct err err;

	ck_assert_msg(!config_of_text(bad[_i].text, strlen(bad[_i].text), &config, &err), "taken: %s", bad[_i].text);
	ck_assert_msg(strncmp(err.message, "/proc/self/fd/", 14) == 0, "no file: %s", err.message);
	ck_assert_msg(strstr(err.message, bad[_i].says) != NULL, "%s\nfor %s\nlacks %s", err.message, bad[_i].text,
	              bad[_i].says);
}
END_TEST

START_TEST(a_socket_path_that_just_fits)
{
	config_free(load(LONG_DIR "\", \"services\": [{\"name\": \"a1\", \"image\": \"x\", \"reach\": \"socket\"}]}"));
	config_free(load(LONG_DIR "3\", \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}"));
}
END_TEST

START_TEST(the_same_path_for_two_hosts)
{
	config_free(load(TWO(", \"hosts\": \"a.org\"", ", \"name\": \"b2\", \"hosts\": [\"b.org\", \"*.a.org\"]")));
	config_free(load(TWO("", ", \"name\": \"b2\", \"hosts\": \"b.org\"")));
	config_free(
	        load(TWO(", \"hosts\": \"a.org\"", ", \"name\": \"b2\", \"hosts\": \"a.org\", \"routes\": \"/b\"")));
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	struct config *config;
	struct err err;

	ck_assert(!config_load("/nowhere/at/all", &config, &err));
	ck_assert(strstr(err.message, "/nowhere/at/all") != NULL);
	ck_assert(!config_load("/", &config, &err));
	char *large = malloc(1048577);
	memset(large, ' ', 1048577);
	ck_assert(!config_of_text(large, 1048577, &config, &err));
	ck_assert(strstr(err.message, "larger") != NULL);
	free(large);
}
END_TEST

START_TEST(ports_are_placed_clear_of_others)
{
	struct config *config = load(
	        "{\"services\": [{\"name\": \"aa\", \"image\": \"x\"},"
	        "{\"name\": \"bb\", \"image\": \"x\", \"routes\": \"/b\", \"first_port\": 8005, \"scale\": {\"max\": 2}},"
	        "{\"name\": \"cc\", \"image\": \"x\", \"routes\": \"/c\", \"scale\": {\"max\": 4}},"
	        "{\"name\": \"dd\", \"image\": \"x\", \"routes\": \"/d\", \"scale\": {\"max\": 30, \"spares\": 3}}]}");
	static const int64_t first[] = {8008, 8005, 8000, 8019};

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(config_service_at(config, i)->first_port, first[i]);
	ck_assert_int_eq(config_service_at(config, 3)->roll_port, 8019 + 33);
	ck_assert_int_eq(config_port_end(config_service_at(config, 3)), 8019 + 34);
	config_free(config);
}
END_TEST

/* Stepping over the second brings it onto the first, which was looked at before. */
START_TEST(a_place_is_looked_for_until_nothing_is_in_the_way)
{
	struct config *config = load("{\"services\": [{\"name\": \"aa\", \"image\": \"x\", \"first_port\": 8012},"
	                             "{\"name\": \"bb\", \"image\": \"x\", \"routes\": \"/b\", \"first_port\": 8000},"
	                             "{\"name\": \"cc\", \"image\": \"x\", \"routes\": \"/c\"}]}");

	ck_assert_int_eq(config_service_at(config, 2)->first_port, 8023);
	config_free(config);
}
END_TEST

START_TEST(files_are_looked_for_beside_the_configuration)
{
	struct config *config = load(
	        "{\"listen\": [], \"tls\": {\"listen\": \":443\", \"certificates\": [{\"cert\": \"a.pem\", \"key\": \"/k\"}]},"
	        " \"services\": [{\"name\": \"a1\", \"image\": \"x\"}]}");
	char expected[64];

	snprintf(expected, sizeof(expected), "/proc/%d/fd/a.pem", (int)getpid());
	ck_assert_uint_eq(config_certificate_count(config), 1);
	ck_assert_str_eq(config_certificate_at(config, 0)->cert, expected);
	ck_assert_str_eq(config_certificate_at(config, 0)->key, "/k");
	config_free(config);
}
END_TEST

static char *print(const struct config *config)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	config_print(config, to);
	fclose(to);
	return text;
}

START_TEST(what_is_printed_reads_back_to_the_same)
{
	static const char *const texts[] = {
	        SERVICE(""),
	        SERVICE(", \"scale\": {\"count\": []}"),
	        "// comments are allowed\n" SERVICE(
	                ", \"env\": {\"A\": \"b=\\\"c\\\"\\n\", \"B\": \"\"}, \"cpus\": 0.1, \"command\": [\"a\", \"\"],"
	                " \"publish\": [\"::1\", \"127.0.0.1\"], \"first_port\": 9000, \"spare_port\": 9900"),
	        TWO("", ", \"name\": \"b2\", \"routes\": \"/x\""),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = load(texts[i]);
		char *once = print(config);
		struct config *again = load(once);
		char *twice = print(again);
		ck_assert_str_eq(once, twice);
		char hash[ENGINE_SPEC_SIZE], hash_again[ENGINE_SPEC_SIZE];
		config_spec_hash(config, config_service_at(config, 0), key, hash);
		config_spec_hash(again, config_service_at(again, 0), key, hash_again);
		ck_assert_str_eq(hash, hash_again);
		free(once);
		free(twice);
		config_free(config);
		config_free(again);
	}
}
END_TEST

static void hash_of(const char *text, char hash[ENGINE_SPEC_SIZE])
{
	struct config *config = load(text);

	config_spec_hash(config, config_service_at(config, 0), key, hash);
	config_free(config);
}

START_TEST(the_hash_tells_containers_apart)
{
	static const char *const other[] = {
	        ", \"command\": [\"a\"]",
	        ", \"command\": [\"a\", \"b\"]",
	        ", \"command\": [\"ab\"]",
	        ", \"env\": {\"A\": \"b\"}",
	        ", \"volumes\": [\"vv:/x\"]",
	        ", \"memory_mb\": 1",
	        ", \"cpus\": 0.5",
	        ", \"port\": 81",
	        ", \"first_port\": 9000",
	        ", \"publish\": [\"0.0.0.0\"]",
	        ", \"reach\": \"socket\"",
	        ", \"reach\": \"bridge\"",
	};
	static const char *const same[] = {", \"routes\": \"/x\"", ", \"scale\": {\"max\": 3}",
	                                   ", \"health\": {\"fall\": 3}", ", \"private\": []"};
	char base[ENGINE_SPEC_SIZE], seen[sizeof(other) / sizeof(other[0])][ENGINE_SPEC_SIZE], text[256];

	hash_of(SERVICE(""), base);
	ck_assert_uint_eq(strlen(base), 16);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		snprintf(text, sizeof(text), SERVICE("%s"), other[i]);
		hash_of(text, seen[i]);
		ck_assert_msg(strcmp(seen[i], base) != 0, "%s", other[i]);
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(strcmp(seen[i], seen[k]) != 0, "%s and %s", other[i], other[k]);
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		snprintf(text, sizeof(text), SERVICE("%s"), same[i]);
		hash_of(text, seen[0]);
		ck_assert_msg(strcmp(seen[0], base) == 0, "%s", same[i]);
	}
}
END_TEST

#define ONE "{\"name\": \"acts\", \"image\": \"x\"}"

static const struct {
	const char *text;
	const char *key; /* NULL: may be */
} changes[] = {
        {SERVICE(", \"routes\": \"/x\""), NULL},
        {SERVICE(", \"scale\": {\"max\": 3}"), NULL},
        {TWO("", ", \"name\": \"b2\", \"routes\": \"/x\""), NULL},
        {"{\"hold_ms\": 5, \"log_level\": \"warn\", \"access_log\": \"-\", \"services\": [" ONE "]}", NULL},
        {"{\"listen\": \"127.0.0.1:81\", \"services\": [" ONE "]}", "listen: "},
        {"{\"tls\": {\"listen\": \":443\"}, \"services\": [" ONE "]}", "tls.listen: "},
        {"{\"tls\": {\"certificates\": [{\"cert\": \"a\", \"key\": \"b\"}]}, \"services\": [" ONE "]}", NULL},
        {"{\"admin\": [], \"services\": [" ONE "]}", "admin: "},
        {"{\"admin_token_file\": \"/t\", \"services\": [" ONE "]}", "admin_token_file: "},
        {"{\"name\": \"other\", \"services\": [" ONE "]}", "name: "},
        {"{\"docker_socket\": \"/x\", \"services\": [" ONE "]}", "docker_socket: "},
        {"{\"socket_dir\": \"/x\", \"services\": [" ONE "]}", "socket_dir: "},
        {"{\"state_dir\": \"/x\", \"services\": [" ONE "]}", "state_dir: "},
};

START_TEST(what_may_change_while_it_runs)
{
	struct config *now = load(SERVICE("")), *next = load(changes[_i].text);
	struct err err;
	bool may = config_may_become(now, next, &err);

	ck_assert_msg(may == (changes[_i].key == NULL), "%s", changes[_i].text);
	if (!may)
		ck_assert_msg(strncmp(err.message, changes[_i].key, strlen(changes[_i].key)) == 0, "%s", err.message);
	config_free(now);
	config_free(next);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");

	tcase_add_test(tcase, the_built_in_one_is_good);
	tcase_add_test(tcase, an_image_of_ones_own);
	tcase_add_test(tcase, routes_of_hosts);
	tcase_add_loop_test(tcase, refuses_and_says_where, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, a_socket_path_that_just_fits);
	tcase_add_test(tcase, the_same_path_for_two_hosts);
	tcase_add_test(tcase, files_that_cannot_be_read);
	tcase_add_test(tcase, files_are_looked_for_beside_the_configuration);
	tcase_add_test(tcase, ports_are_placed_clear_of_others);
	tcase_add_test(tcase, a_place_is_looked_for_until_nothing_is_in_the_way);
	tcase_add_test(tcase, what_is_printed_reads_back_to_the_same);
	tcase_add_test(tcase, the_hash_tells_containers_apart);
	tcase_add_loop_test(tcase, what_may_change_while_it_runs, 0, sizeof(changes) / sizeof(changes[0]));
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
