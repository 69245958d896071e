/* The Docker engine against a real one: each verb, each fault a user can cause, events. Skipped without
 * SELFLESS_DOCKER=1. Everything made carries a label of this process and is removed at the end. */
#include "common/clock.h"
#include "orchestrator/engine/docker/docker_refusals.h"
#include "orchestrator/engine/socket_dir.h"
#include "tests/unit/orchestrator/engine/engine_watch.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IMAGE "selfless-test-idler"
#define IMAGE_ENTRY "selfless-test-idler-entry"
#define SOON_MS 15000
#define VERB(watch) (watch).engine->verbs

static char name[40];
static char volume[80];
static char *volume_items[] = {volume};
static char *publish_items[] = {"127.0.0.1"};
static char *command_items[] = {"/idler", "one", "two words"};
static const struct strings volumes = {volume_items, 1};
static const struct strings publish = {publish_items, 1};
static const struct strings command = {command_items, 3};
static const char *docker_socket = "/var/run/docker.sock";
static char state_dir[] = "/tmp/selfless-live-XXXXXX";
static const char await_file[] = "/selfless-await"; /* in it */

static struct watch watch;
static struct engine_spec spec;
static struct engine_place place;
static char place_name[60];

/* Runs a program to its end, its output thrown away. */
static int run_program(char *const *words)
{
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, words[0], &actions, NULL, words, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

#define RUN(...) run_program((char *[]){__VA_ARGS__, NULL})

/* A port that was free a moment ago. */
static int free_port(int *fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(bind(*fd, (struct sockaddr *)&address, len), -1);
	ck_assert_int_ne(listen(*fd, 1), -1);
	ck_assert_int_ne(getsockname(*fd, (struct sockaddr *)&address, &len), -1);
	return ntohs(address.sin_port);
}

static void wait_for(struct outcome *outcome, enum engine_fault fault)
{
	ck_assert_int_eq(outcome->count, 0); /* never before the verb has returned */
	ck_assert(watch_until(&watch, &outcome->count, 1, SOON_MS));
	ck_assert_msg(outcome->fault == fault, "%s: %s", engine_fault_text(outcome->fault), outcome->message);
	ck_assert_int_eq(outcome->message[0] == '\0', fault == ENGINE_OK);
}

static void prepare(enum engine_fault fault, struct outcome *outcome)
{
	*outcome = (struct outcome){0};
	VERB(watch)->prepare(watch.engine, &spec, outcome_take, outcome);
	wait_for(outcome, fault);
}

static void create(enum engine_fault fault, struct outcome *outcome)
{
	*outcome = (struct outcome){0};
	VERB(watch)->create(watch.engine, &spec, &place, outcome_take, outcome);
	wait_for(outcome, fault);
}

typedef void id_verb(struct engine *engine, const char *id, engine_done *done, void *arg);

static struct outcome call(id_verb *verb, const char *id, enum engine_fault fault)
{
	struct outcome outcome = {0};

	verb(watch.engine, id, outcome_take, &outcome);
	wait_for(&outcome, fault);
	return outcome;
}

static struct outcome start(const char *id, enum engine_fault fault)
{
	struct outcome outcome = {0};

	VERB(watch)->start(watch.engine, &spec, &place, id, outcome_take, &outcome);
	wait_for(&outcome, fault);
	return outcome;
}

/* A container that has what it is to have: nothing is waited for. */
static void start_at_once(const char *id)
{
	int64_t begin_ms = clock_ms();

	start(id, ENGINE_OK);
	ck_assert_int_lt(clock_ms() - begin_ms, 2500); /* 300, on a machine that is not busy */
}

static struct outcome list(void)
{
	struct outcome outcome = {0};

	VERB(watch)->list(watch.engine, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	return outcome;
}

static void check_published(const char *address)
{
	char wanted[ADDRESS_TEXT_SIZE];

	snprintf(wanted, sizeof(wanted), "127.0.0.1:%d", place.host_port);
	ck_assert_str_eq(address, wanted);
}

static void set_up(void)
{
	int fd;

	snprintf(name, sizeof(name), "selfless-live-%d", (int)getpid());
	snprintf(volume, sizeof(volume), "%s-volume:/static", name);
	snprintf(place_name, sizeof(place_name), "%s_0", name);
	spec = (struct engine_spec){
	        .service = "idle",
	        .image = IMAGE,
	        .command = &command,
	        .publish = &publish,
	        .volumes = &volumes,
	        .port = 8000,
	        .reach = REACH_PUBLISHED,
	        .hash = "0123456789abcdef",
	};
	place = (struct engine_place){.name = place_name, .slot = 0, .host_port = free_port(&fd)};
	close(fd);
	watch_open(&watch, name, docker_socket, state_dir);
	ck_assert_msg(watch_until(&watch, &watch.ups, 1, SOON_MS), "%s", watch.down_message);
}

static void tear_down(void)
{
	struct outcome left = list();

	while (left.listed > 0) {
		call(VERB(watch)->remove, left.first.id, ENGINE_OK);
		left = list();
	}
	watch_close(&watch);
	RUN("docker", "network", "rm", name);
	snprintf(volume, sizeof(volume), "%s-volume", name); /* a test may have asked for another one, in vain */
	RUN("docker", "volume", "rm", "--force", volume);
}

START_TEST(the_life_of_a_container)
{
	struct outcome outcome;
	char id[ENGINE_ID_SIZE];
	char renamed[80];

	prepare(ENGINE_OK, &outcome);
	prepare(ENGINE_OK, &outcome); /* harmless when there already */
	create(ENGINE_OK, &outcome);
	snprintf(id, sizeof(id), "%s", outcome.id);
	outcome = list();
	ck_assert_uint_eq(outcome.listed, 1);
	ck_assert_str_eq(outcome.first.id, id);
	ck_assert_str_eq(outcome.first.name, place_name);
	ck_assert_str_eq(outcome.first.service, "idle");
	ck_assert_str_eq(outcome.first.spec, spec.hash);
	ck_assert_str_eq(outcome.first.image, IMAGE);
	ck_assert_int_eq(outcome.first.slot, 0);
	ck_assert_int_eq(outcome.first.host_port, place.host_port);
	ck_assert_int_eq(outcome.first.state, ENGINE_CREATED);

	check_published(start(id, ENGINE_OK).address);
	check_published(start(id, ENGINE_OK).address);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_START, SOON_MS));
	ck_assert_str_eq(watch_event(&watch, ENGINE_EVENT_START, 0)->id, id);
	ck_assert_int_gt(watch_event(&watch, ENGINE_EVENT_START, 0)->engine_time_ns, 0);
	outcome = call(VERB(watch)->inspect, id, ENGINE_OK);
	ck_assert_int_eq(outcome.result.state, ENGINE_RUNNING);
	check_published(outcome.address);
	check_published(list().first_address);

	call(VERB(watch)->pause, id, ENGINE_OK);
	call(VERB(watch)->pause, id, ENGINE_OK);
	ck_assert_int_eq(list().first.state, ENGINE_PAUSED);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_PAUSE, SOON_MS));
	call(VERB(watch)->unpause, id, ENGINE_OK);
	call(VERB(watch)->unpause, id, ENGINE_REFUSED);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_UNPAUSE, SOON_MS));

	snprintf(renamed, sizeof(renamed), "%s.next", place_name);
	outcome = (struct outcome){0};
	VERB(watch)->rename(watch.engine, id, renamed, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	ck_assert_str_eq(list().first.name, renamed);

	outcome = (struct outcome){0};
	VERB(watch)->logs(watch.engine, id, 20, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	ck_assert_ptr_nonnull(strstr(outcome.text, "arg two words\n"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "out line\n"));
	ck_assert_ptr_nonnull(strstr(outcome.text, "err line\n"));

	outcome = (struct outcome){0};
	VERB(watch)->stop(watch.engine, id, 2000, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, 0)->exit_code, 0);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_KILL, 0));
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_KILL, 0)->signal, SIGTERM);
	outcome = call(VERB(watch)->inspect, id, ENGINE_OK);
	ck_assert_int_eq(outcome.result.state, ENGINE_EXITED);
	ck_assert_int_eq(outcome.result.exit_code, 0);

	call(VERB(watch)->remove, id, ENGINE_OK);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DESTROY, SOON_MS));
	call(VERB(watch)->remove, id, ENGINE_OK);
	ck_assert_uint_eq(list().listed, 0);
}
END_TEST

/* Services are prepared at the same moment; two networks of one name would let no container start. */
START_TEST(prepared_together_there_is_one_network)
{
	struct outcome outcomes[6];
	struct outcome outcome;

	memset(outcomes, 0, sizeof(outcomes));
	for (size_t i = 0; i < 6; i++)
		VERB(watch)->prepare(watch.engine, &spec, outcome_take, &outcomes[i]);
	for (size_t i = 0; i < 6; i++) {
		ck_assert(watch_until(&watch, &outcomes[i].count, 1, SOON_MS));
		ck_assert_msg(outcomes[i].fault == ENGINE_OK, "%s", outcomes[i].message);
	}
	create(ENGINE_OK, &outcome);
	start(outcome.id, ENGINE_OK);
}
END_TEST

START_TEST(a_killed_container_dies_with_137)
{
	struct outcome outcome;
	const struct engine_event *die;

	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	start(outcome.id, ENGINE_OK);
	ck_assert_int_eq(RUN("docker", "kill", outcome.id), 0);
	die = watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS);
	ck_assert_ptr_nonnull(die);
	ck_assert_str_eq(die->id, outcome.id);
	ck_assert_int_eq(die->exit_code, 137);
	outcome = call(VERB(watch)->inspect, outcome.id, ENGINE_OK);
	ck_assert_int_eq(outcome.result.exit_code, 137);
	ck_assert(!outcome.result.oom_killed);
}
END_TEST

/* The end of the process is news at once, and what the engine says of it comes later; also of one that ran before us. */
START_TEST(an_exit_is_told_before_the_death)
{
	struct outcome outcome;
	char id[ENGINE_ID_SIZE];

	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	snprintf(id, sizeof(id), "%s", outcome.id);
	start(id, ENGINE_OK);
	if (_i == 1) {
		watch_close(&watch);
		watch_open(&watch, name, docker_socket, state_dir);
		ck_assert(watch_until(&watch, &watch.ups, 1, SOON_MS));
		ck_assert_uint_eq(list().listed, 1);
	}
	watch_run(&watch, 700); /* it is looked for */
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_EXIT, 0));
	ck_assert_int_eq(RUN("docker", "kill", id), 0);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_EXIT, 0));
	ck_assert_str_eq(watch_event(&watch, ENGINE_EVENT_EXIT, 0)->id, id);
	start(id, ENGINE_OK);
}
END_TEST

START_TEST(a_name_may_be_taken)
{
	struct outcome outcome;

	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	create(ENGINE_NAME_TAKEN, &outcome);
	ck_assert_ptr_nonnull(strstr(outcome.message, "already in use"));
}
END_TEST

START_TEST(a_port_may_be_taken)
{
	struct outcome outcome;
	char next_name[80];
	int fd;

	prepare(ENGINE_OK, &outcome);
	place.host_port = free_port(&fd);
	create(ENGINE_OK, &outcome);
	outcome = start(outcome.id, ENGINE_PORT_TAKEN); /* by a process: us */
	ck_assert_ptr_nonnull(strstr(outcome.message, "first_port"));
	close(fd);
	start(outcome.id, ENGINE_OK);
	snprintf(next_name, sizeof(next_name), "%s.next", place_name);
	place.name = next_name;
	create(ENGINE_OK, &outcome);
	start(outcome.id, ENGINE_PORT_TAKEN); /* by a container */
	watch_run(&watch, DOCKER_REFUSALS_US / 1000);
	start(place.name, ENGINE_PORT_TAKEN); /* its list says so, too */
}
END_TEST

/* Out of its network until it runs, then in it, with its name, its service's, and its port. */
START_TEST(a_late_network)
{
	struct outcome outcome;
	char word[200];

	prepare(ENGINE_OK, &outcome);
	place.late_network = true;
	create(ENGINE_OK, &outcome);
	ck_assert(outcome.result.no_network);
	ck_assert(list().first.no_network);
	start(outcome.id, ENGINE_OK);
	ck_assert(!list().first.no_network);
	outcome = call(VERB(watch)->inspect, outcome.id, ENGINE_OK);
	ck_assert(!outcome.result.no_network);
	check_published(outcome.address);
	snprintf(word, sizeof(word), "docker inspect %s | grep -q '\"idle\"' && docker port %s | grep -q :%d",
	         outcome.id, outcome.id, place.host_port);
	ck_assert_int_eq(RUN("sh", "-c", word), 0);
	start_at_once(outcome.id); /* it runs, and has it */
}
END_TEST

/* The two streams come together anywhere. */
static void drop_errors(char *text)
{
	static const char line[] = "err line\n";
	char *at = strstr(text, line);

	if (at != NULL)
		memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);
}

/* The lines that it writes show what runs. */
static void check_runs(const char *id, const char *lines)
{
	struct outcome outcome;
	int64_t begin_ms = clock_ms();

	do {
		watch_run(&watch, 20);
		outcome = (struct outcome){0};
		VERB(watch)->logs(watch.engine, id, 20, outcome_take, &outcome);
		wait_for(&outcome, ENGINE_OK);
		drop_errors(outcome.text);
	} while (strstr(outcome.text, lines) == NULL && clock_ms() - begin_ms < SOON_MS);
	ck_assert_msg(strstr(outcome.text, lines) != NULL, "%s", outcome.text);
	ck_assert_msg(strncmp(lines, "out", 3) != 0 || strstr(outcome.text, "arg") == NULL, "%s", outcome.text);
}

/* What the image runs is what it would run without late_network: its entrypoint, and its words or the service's. */
START_TEST(a_late_network_runs_what_the_image_runs)
{
	static const struct {
		const char *image;
		bool own_command;
		const char *lines;
	} rows[] = {
	        {IMAGE, true, "arg one\narg two words\nout line\n"},
	        {IMAGE, false, "out line\n"},
	        {IMAGE_ENTRY, true, "arg entry\narg /idler\narg one\narg two words\nout line\n"},
	        {IMAGE_ENTRY, false, "arg entry\narg its own\nout line\n"},
	};
	struct outcome outcome;

	spec.image = rows[_i].image;
	if (!rows[_i].own_command)
		spec.command = NULL;
	place.late_network = true;
	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	start(outcome.id, ENGINE_OK);
	check_runs(outcome.id, rows[_i].lines);
}
END_TEST

static void check_has_network(const struct outcome *created)
{
	char id[ENGINE_ID_SIZE];

	ck_assert(!created->result.no_network);
	ck_assert(!list().first.no_network);
	snprintf(id, sizeof(id), "%s", created->id);
	place.late_network = false;
	start(id, ENGINE_OK);
	check_runs(id, "arg one\n");
}

static void open_again(const char *folder)
{
	watch_close(&watch);
	watch_open(&watch, name, docker_socket, folder);
	ck_assert(watch_until(&watch, &watch.ups, 1, SOON_MS));
}

START_TEST(a_late_network_needs_a_folder)
{
	struct outcome outcome;

	open_again("/dev/null/nowhere");
	prepare(ENGINE_OK, &outcome);
	place.late_network = true;
	create(ENGINE_OK, &outcome);
	check_has_network(&outcome);
}
END_TEST

/* noexec: nothing that we write there can be run. Without it: it is there for us, and dockerd cannot see it. */
START_TEST(a_late_network_needs_a_folder_that_docker_can_use)
{
	char folder[sizeof(state_dir) + 10];
	struct outcome outcome;

	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", state_dir, "tmpfs", _i == 0 ? MS_NOEXEC : 0, NULL) == -1)
		return; /* not root */
	snprintf(folder, sizeof(folder), "%s/private", state_dir);
	open_again(folder);
	prepare(ENGINE_OK, &outcome);
	place.late_network = true;
	create(ENGINE_OK, &outcome);
	check_has_network(&outcome);
}
END_TEST

/* What somebody took away is made anew for the next one. */
START_TEST(a_late_network_file_is_taken_away)
{
	char path[sizeof(state_dir) + sizeof(await_file)];
	struct outcome outcome;

	snprintf(path, sizeof(path), "%s%s", state_dir, await_file);
	prepare(ENGINE_OK, &outcome);
	place.late_network = true;
	create(ENGINE_OK, &outcome);
	ck_assert_int_eq(unlink(path), 0);
	start(outcome.id, ENGINE_REFUSED);
	call(VERB(watch)->remove, outcome.id, ENGINE_OK);
	create(ENGINE_OK, &outcome);
	ck_assert(outcome.result.no_network);
	start(outcome.id, ENGINE_OK);
	check_runs(outcome.id, "arg one\n");
}
END_TEST

/* A container that has its network all the same (whoever gave it that) is started like any other. */
START_TEST(a_late_network_that_is_there)
{
	struct outcome outcome;

	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	ck_assert(!list().first.no_network);
	place.late_network = true;
	start_at_once(outcome.id);
	ck_assert(!call(VERB(watch)->inspect, outcome.id, ENGINE_OK).result.no_network);
}
END_TEST

static void *kill_the_other(void *arg)
{
	const struct timespec while_it_waits = {.tv_nsec = 800000000};

	nanosleep(&while_it_waits, NULL);
	RUN("docker", "kill", (char *)arg);
	return NULL;
}

/* The port of the one before is waited for: the new one runs meanwhile. */
START_TEST(a_late_network_waits_for_the_port)
{
	struct outcome outcome;
	char first[ENGINE_ID_SIZE], next_name[80];
	pthread_t killer;

	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	snprintf(first, sizeof(first), "%s", outcome.id);
	start(first, ENGINE_OK);
	snprintf(next_name, sizeof(next_name), "%s.next", place_name);
	place.name = next_name;
	place.late_network = true;
	create(ENGINE_OK, &outcome);
	ck_assert_int_eq(pthread_create(&killer, NULL, kill_the_other, first), 0);
	start(outcome.id, ENGINE_OK);
	pthread_join(killer, NULL);
	ck_assert(!call(VERB(watch)->inspect, outcome.id, ENGINE_OK).result.no_network);
}
END_TEST

/* Somebody else's port: it does not run on without it. Free again, the same container is started. */
START_TEST(a_late_network_is_refused)
{
	struct outcome outcome;
	int fd;

	prepare(ENGINE_OK, &outcome);
	place.host_port = free_port(&fd);
	place.late_network = true;
	create(ENGINE_OK, &outcome);
	outcome = start(outcome.id, ENGINE_PORT_TAKEN);
	ck_assert_ptr_nonnull(strstr(outcome.message, "first_port"));
	ck_assert_int_eq(list().first.state, ENGINE_EXITED);
	close(fd);
	start_at_once(outcome.id);
	ck_assert(!call(VERB(watch)->inspect, outcome.id, ENGINE_OK).result.no_network);
}
END_TEST

START_TEST(an_image_may_be_missing)
{
	struct outcome outcome;

	spec.image = "selfless-no-such-image:1";
	prepare(ENGINE_NO_IMAGE, &outcome);
	ck_assert_ptr_nonnull(strstr(outcome.message, "image selfless-no-such-image:1 not found: build it"));
	spec.image = IMAGE;
	prepare(ENGINE_OK, &outcome);
	spec.image = "selfless-no-such-image:1";
	create(ENGINE_NO_IMAGE, &outcome);
	place.late_network = true;
	create(ENGINE_NO_IMAGE, &outcome);
	ck_assert_ptr_nonnull(strstr(outcome.message, "image selfless-no-such-image:1 not found: build it"));
}
END_TEST

START_TEST(limits_and_volumes_may_be_refused)
{
	struct outcome outcome;

	prepare(ENGINE_OK, &outcome);
	spec.memory_mb = 1;
	create(ENGINE_REFUSED, &outcome);
	ck_assert_ptr_nonnull(strstr(outcome.message, "memory_mb"));
	spec.memory_mb = 64;
	spec.cpus = 4000;
	create(ENGINE_REFUSED, &outcome);
	ck_assert_ptr_nonnull(strstr(outcome.message, "`cpus`"));
	spec.cpus = 0.5;
	snprintf(volume, sizeof(volume), "%s-volume:relative", name);
	create(ENGINE_REFUSED, &outcome);
	snprintf(volume, sizeof(volume), "x:/static");
	prepare(ENGINE_REFUSED, &outcome);
}
END_TEST

START_TEST(nobody_of_that_id)
{
	static const char id[] = "0000000000000000000000000000000000000000000000000000000000000000";

	start(id, ENGINE_NOT_FOUND);
	call(VERB(watch)->inspect, id, ENGINE_NOT_FOUND);
	call(VERB(watch)->remove, id, ENGINE_OK);
}
END_TEST

/* The idler says in its log where it was told to listen, and leaves a file in the directory. */
START_TEST(a_socket_directory_is_mounted_told_and_removed)
{
	char id[ENGINE_ID_SIZE], dir[SOCKET_DIR_SIZE], mark[SOCKET_DIR_SIZE + 8];
	struct outcome outcome;

	spec.reach = REACH_SOCKET;
	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	snprintf(id, sizeof(id), "%s", outcome.id);
	outcome = list();
	ck_assert(socket_dir_of(&outcome.first.address, dir));
	ck_assert_str_eq(start(id, ENGINE_OK).address, outcome.first_address);
	snprintf(mark, sizeof(mark), "%s/here", dir);
	for (int tries = 0; access(mark, F_OK) == -1 && tries < 100; tries++)
		watch_run(&watch, 20);
	ck_assert_int_eq(access(mark, F_OK), 0);
	outcome = (struct outcome){0};
	VERB(watch)->logs(watch.engine, id, 20, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	ck_assert_ptr_nonnull(strstr(outcome.text, "LISTEN 0.0.0.0:8000,unix:/run/selfless/http\n"));
	call(VERB(watch)->remove, id, ENGINE_OK);
	ck_assert_int_eq(access(dir, F_OK), -1);
}
END_TEST

START_TEST(an_address_on_the_bridge)
{
	struct outcome outcome;

	spec.reach = REACH_BRIDGE;
	prepare(ENGINE_OK, &outcome);
	create(ENGINE_OK, &outcome);
	outcome = start(outcome.id, ENGINE_OK);
	ck_assert_ptr_nonnull(strstr(outcome.address, ":8000"));
	ck_assert_ptr_null(strstr(outcome.address, "127.0.0.1"));
	ck_assert_str_eq(list().first_address, outcome.address);
	ck_assert_str_eq(call(VERB(watch)->inspect, outcome.id, ENGINE_OK).address, outcome.address);
}
END_TEST

static bool import_image(void)
{
	char archive[] = "/tmp/selfless-idler-XXXXXX";
	int fd = mkstemp(archive);
	bool done;

	if (fd == -1)
		return false;
	close(fd);
	done = RUN("tar", "-C", IDLER_FOLDER, "-cf", archive, "idler") == 0 &&
	       RUN("docker", "import", "--change", "CMD [\"/idler\"]", archive, IMAGE) == 0 &&
	       RUN("docker", "import", "--change", "ENTRYPOINT [\"idler\", \"entry\"]", "--change", "CMD [\"its own\"]",
	           "--change", "ENV PATH=/nowhere:/", archive, IMAGE_ENTRY) == 0;
	unlink(archive);
	return done;
}

static int run(void)
{
	const TTest *const tests[] = {
	        prepared_together_there_is_one_network,
	        the_life_of_a_container,
	        a_killed_container_dies_with_137,
	        a_name_may_be_taken,
	        a_port_may_be_taken,
	        a_late_network,
	        a_late_network_that_is_there,
	        a_late_network_waits_for_the_port,
	        a_late_network_is_refused,
	        a_late_network_needs_a_folder,
	        a_late_network_file_is_taken_away,
	        an_image_may_be_missing,
	        limits_and_volumes_may_be_refused,
	        nobody_of_that_id,
	        a_socket_directory_is_mounted_told_and_removed,
	        an_address_on_the_bridge,
	};
	Suite *suite = suite_create("docker_live");
	TCase *cases = tcase_create("docker");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_loop_test(cases, a_late_network_runs_what_the_image_runs, 0, 4);
	tcase_add_loop_test(cases, a_late_network_needs_a_folder_that_docker_can_use, 0, 2);
	tcase_add_loop_test(cases, an_exit_is_told_before_the_death, 0, 2);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
	const char *wanted = getenv("SELFLESS_DOCKER");

	if (wanted == NULL || strcmp(wanted, "1") != 0) {
		puts("skipped: SELFLESS_DOCKER=1 runs it against "
		     "the Docker Engine of this host");
		return 77;
	}
	if (!import_image()) {
		fputs("cannot import the image " IMAGE " into Docker\n", stderr);
		return EXIT_FAILURE;
	}
	int result = mkdtemp(state_dir) != NULL ? run() : EXIT_FAILURE;
	RUN("rm", "-r", state_dir);
	return result;
}
