/* process_bench.c: see the header. */
#include "tests/unit/orchestrator/engine/process_bench.h"

#include "common/clock.h"
#include "orchestrator/engine/process/process_engine.h"
#include "orchestrator/engine/process/process_spawn.h"
#include "orchestrator/engine/process/process_proc.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct watch watch;
struct engine_spec spec;
struct engine_place place;
char state_dir[64];

static char *words[16];
static struct strings command = {words, 0};

void bench_command(char *const *list)
{
	for (command.count = 0; list[command.count] != NULL; command.count++)
		words[command.count] = list[command.count];
}

/* What the orchestrator's main does: a test program, too, is started anew to enter a control group. */
__attribute__((constructor)) static void enter(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], PROCESS_ENTER) == 0)
		_exit(process_enter(argv + 2));
}

void bench_open(void)
{
	int fd;

	snprintf(state_dir, sizeof(state_dir), "/tmp/selfless-process-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state_dir));
	COMMAND("/bin/sleep", "1000");
	spec = (struct engine_spec){.service = "idle", .command = &command, .port = 8000, .hash = "0123456789abcdef"};
	place = (struct engine_place){.name = "idle_0", .host_port = bench_port(&fd)};
	close(fd);
	watch_open_process(&watch, state_dir);
	ck_assert(watch_until(&watch, &watch.ups, 1, SOON_MS));
}

void bench_reopen(void)
{
	watch_close(&watch);
	watch_open_process(&watch, state_dir);
	ck_assert(watch_until(&watch, &watch.ups, 1, SOON_MS));
}

static int on_file(const char *path, const struct stat *stat, int flag, struct FTW *where)
{
	(void)stat;
	(void)flag;
	(void)where;
	return remove(path);
}

void bench_close(void)
{
	struct outcome left = bench_list();

	while (left.listed > 0) {
		bench_call(VERB->remove, left.first.id, ENGINE_OK);
		left = bench_list();
	}
	watch_close(&watch);
	ck_assert_int_eq(nftw(state_dir, on_file, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* --- verbs ----------------------------------------------------------------------------------------------------- */

static void wait_for(struct outcome *outcome, enum engine_fault fault)
{
	ck_assert_int_eq(outcome->count, 0); /* never before the verb has returned */
	ck_assert(watch_until(&watch, &outcome->count, 1, SOON_MS));
	ck_assert_msg(outcome->fault == fault, "%s: %s", engine_fault_text(outcome->fault), outcome->message);
	ck_assert_int_eq(outcome->message[0] == '\0', fault == ENGINE_OK);
}

struct outcome bench_create(enum engine_fault fault)
{
	struct outcome outcome = {0};

	VERB->create(watch.engine, &spec, &place, outcome_take, &outcome);
	wait_for(&outcome, fault);
	return outcome;
}

struct outcome bench_call(id_verb *verb, const char *id, enum engine_fault fault)
{
	struct outcome outcome = {0};

	verb(watch.engine, id, outcome_take, &outcome);
	wait_for(&outcome, fault);
	ck_assert_str_eq(outcome.id, id);
	return outcome;
}

struct outcome bench_start(const char *id, enum engine_fault fault)
{
	struct outcome outcome = {0};

	VERB->start(watch.engine, &spec, &place, id, outcome_take, &outcome);
	wait_for(&outcome, fault);
	ck_assert_str_eq(outcome.id, id);
	return outcome;
}

struct outcome bench_stop(const char *id, int grace_ms)
{
	struct outcome outcome = {0};

	VERB->stop(watch.engine, id, grace_ms, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	return outcome;
}

struct outcome bench_list(void)
{
	struct outcome outcome = {0};

	VERB->list(watch.engine, outcome_take, &outcome);
	wait_for(&outcome, ENGINE_OK);
	return outcome;
}

struct outcome bench_logs(const char *id, int lines, const char *wanted)
{
	int64_t end_ms = clock_ms() + SOON_MS;
	struct outcome outcome;

	do {
		outcome = (struct outcome){0};
		VERB->logs(watch.engine, id, lines, outcome_take, &outcome);
		wait_for(&outcome, ENGINE_OK);
		if (strstr(outcome.text, wanted) != NULL)
			return outcome;
		watch_run(&watch, 10);
	} while (clock_ms() < end_ms);
	ck_abort_msg("no \"%s\" in: %s", wanted, outcome.text);
	return outcome;
}

const char *bench_run(void)
{
	static char id[ENGINE_ID_SIZE];
	struct outcome outcome = bench_create(ENGINE_OK);

	snprintf(id, sizeof(id), "%s", outcome.id);
	bench_start(id, ENGINE_OK);
	return id;
}

/* --- the rest -------------------------------------------------------------------------------------------------- */

struct process_record bench_record(const char *id)
{
	char dir[80];
	struct process_record record;
	struct err err;

	snprintf(dir, sizeof(dir), "%s/process", state_dir);
	ck_assert_msg(process_record_read(dir, id, &record, &err), "%s", err.message);
	process_record_clear(&record);
	return record;
}

bool bench_lives(pid_t pid)
{
	struct process_stat stat;

	return process_stat(pid, &stat) && stat.state != 'Z' && stat.state != 'X';
}

bool bench_ends(pid_t pid)
{
	int64_t end_ms = clock_ms() + SOON_MS;

	while (bench_lives(pid) && clock_ms() < end_ms)
		watch_run(&watch, 5);
	return !bench_lives(pid);
}

int bench_port(int *fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(bind(*fd, (struct sockaddr *)&address, len), -1);
	ck_assert_int_ne(listen(*fd, 1), -1);
	ck_assert_int_ne(getsockname(*fd, (struct sockaddr *)&address, &len), -1);
	return ntohs(address.sin_port);
}

int bench_main(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *cases = tcase_create("process");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, bench_open, bench_close);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
