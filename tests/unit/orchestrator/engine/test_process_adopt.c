/* The process engine takes over what an earlier one started: found by its record, and by nothing less than that. */
#include "orchestrator/engine/process/process_engine.h"
#include "tests/unit/orchestrator/engine/process_bench.h"

#include "common/mem.h"
#include "orchestrator/engine/process/process_proc.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID "00000000000000000000000000000000000000000000000000000000000000aa"

/* A process that no engine knows, in a session of its own. */
static pid_t stranger(char *env)
{
	posix_spawnattr_t attributes;
	pid_t pid;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	ck_assert_int_eq(posix_spawn(&pid, "/bin/sleep", NULL, &attributes, (char *[]){"sleep", "1000", NULL},
	                             (char *[]){env, NULL}),
	                 0);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

static void end_stranger(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A record as an engine might have left it. */
static struct process_record left_behind(void)
{
	struct process_record record = {
	        .container = {
	                .id = ID, .name = "idle_0", .service = "idle", .spec = "0123456789abcdef", .host_port = 1}};

	strings_add(&record.command, "/bin/sleep");
	process_boot(record.boot);
	return record;
}

static void leave_behind(struct process_record *record)
{
	char dir[80];
	struct err err;

	snprintf(dir, sizeof(dir), "%s/process", state_dir);
	ck_assert_msg(process_record_make(dir, record, &err), "%s", err.message);
	process_record_clear(record);
	bench_reopen();
}

/* It ended while nobody was there, and what it had started in a session of its own did not. */
START_TEST(what_its_process_left)
{
	const char *id;
	struct outcome outcome;
	pid_t pid, child = 0;

	COMMAND("/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000' & wait");
	id = bench_run();
	pid = bench_record(id).pid;
	outcome = bench_logs(id, 1, "\n");
	child = (pid_t)strtol(outcome.text, NULL, 10);
	ck_assert_int_gt(child, 1);
	watch_close(&watch);
	ck_assert_int_eq(kill(-pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(bench_lives(child));
	watch_open_process(&watch, state_dir);
	watch_run(&watch, 20);
	ck_assert(bench_ends(child));
}
END_TEST

START_TEST(by_the_next_engine)
{
	const char *id = bench_run();
	pid_t pid = bench_record(id).pid;
	struct outcome outcome;

	watch_run(&watch, 50);
	bench_reopen();
	outcome = bench_list();
	ck_assert_uint_eq(outcome.listed, 1);
	ck_assert_int_ge(outcome.first.running_ms, 30);
	ck_assert_int_lt(outcome.first.running_ms, 30000);
	ck_assert_str_eq(outcome.first.id, id);
	ck_assert_str_eq(outcome.first.name, "idle_0");
	ck_assert_str_eq(outcome.first.service, "idle");
	ck_assert_str_eq(outcome.first.spec, "0123456789abcdef");
	ck_assert_int_eq(outcome.first.host_port, place.host_port);
	ck_assert_int_eq(outcome.first.state, ENGINE_RUNNING);
	ck_assert_int_eq(bench_record(id).pid, pid);
	ck_assert_uint_eq(watch.event_count, 0); /* what happened before is not told */
	bench_call(VERB->pause, id, ENGINE_OK);
	bench_reopen();
	ck_assert_int_eq(bench_list().first.state, ENGINE_PAUSED);
	bench_call(VERB->unpause, id, ENGINE_OK);
	bench_stop(id, 5000);
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 128 + SIGTERM);
}
END_TEST

START_TEST(created_and_ended_ones_too)
{
	struct outcome created = bench_create(ENGINE_OK);
	const char *id;

	bench_reopen();
	ck_assert_int_eq(bench_list().first.state, ENGINE_CREATED);
	bench_start(created.id, ENGINE_OK);
	bench_call(VERB->remove, created.id, ENGINE_OK);
	COMMAND("/bin/sh", "-c", "echo words; exit 3");
	watch.event_count = 0;
	id = bench_run();
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	bench_reopen();
	ck_assert_int_eq(bench_list().first.state, ENGINE_EXITED);
	ck_assert_int_eq(bench_call(VERB->inspect, id, ENGINE_OK).result.exit_code, 3);
	bench_logs(id, 5, "words");
}
END_TEST

/* The engine was in another program, which was killed: what it started is nobody's child. */
static char *engine_that_dies(void)
{
	static char id[ENGINE_ID_SIZE];
	int ends[2];
	pid_t pid;

	watch_close(&watch);
	ck_assert_int_ne(pipe(ends), -1);
	pid = fork();
	if (pid == 0) {
		watch_open_process(&watch, state_dir);
		snprintf(id, sizeof(id), "%s", bench_run());
		if (write(ends[1], id, sizeof(id)) != sizeof(id))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], id, sizeof(id)), sizeof(id));
	close(ends[0]);
	waitpid(pid, NULL, 0);
	watch_open_process(&watch, state_dir);
	return id;
}

START_TEST(after_kill_9)
{
	const char *id = engine_that_dies();
	pid_t pid = bench_record(id).pid;

	ck_assert_int_eq(bench_list().first.state, ENGINE_RUNNING);
	ck_assert(bench_lives(pid));
	bench_stop(id, 5000);
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, -1); /* not for us to know */
	ck_assert_int_eq(bench_call(VERB->inspect, id, ENGINE_OK).result.exit_code, -1);
	ck_assert(bench_ends(pid));
	ck_assert_int_eq(bench_list().first.state, ENGINE_EXITED);
}
END_TEST

START_TEST(one_that_ended_meanwhile)
{
	const char *id = bench_run();
	struct process_record record = bench_record(id);

	watch_close(&watch);
	kill(record.pid, SIGKILL);
	waitpid(record.pid, NULL, 0);
	watch_open_process(&watch, state_dir);
	ck_assert_int_eq(bench_list().first.state, ENGINE_EXITED);
	ck_assert_int_eq(bench_call(VERB->inspect, id, ENGINE_OK).result.exit_code, -1);
	ck_assert_int_eq(bench_record(id).container.state, ENGINE_EXITED);
	bench_stop(id, 100);
	bench_call(VERB->remove, id, ENGINE_OK);
}
END_TEST

START_TEST(a_pid_is_not_enough)
{
	pid_t pid = stranger("A=B");
	struct process_stat stat;
	struct process_record record;

	ck_assert(process_stat(pid, &stat));
	for (int i = 0; i < 3; i++) {
		record = left_behind();
		record.container.state = ENGINE_RUNNING;
		record.pid = pid;
		record.start_ticks = stat.start_ticks - (i == 0);
		if (i == 1)
			snprintf(record.boot, sizeof(record.boot), "another boot");
		leave_behind(&record);
		ck_assert_int_eq(bench_list().first.state, i == 2 ? ENGINE_RUNNING : ENGINE_EXITED);
		if (i == 2)
			break; /* all three fit: that is how we know that the others were tried */
		bench_stop(ID, 100);
		bench_call(VERB->remove, ID, ENGINE_OK);
		ck_assert(bench_lives(pid));
	}
	bench_call(VERB->remove, ID, ENGINE_OK);
	ck_assert(bench_ends(pid));
	end_stranger(pid);
}
END_TEST

static int told[2], stay[2];

static void *say_number(void *arg)
{
	pid_t number = gettid();
	char byte;

	if (write(told[1], &number, sizeof(number)) != sizeof(number) || read(stay[0], &byte, 1) != 1)
		abort();
	return arg;
}

/* A thread's: pidfd_open(2) has another error for that. */
START_TEST(a_number_that_is_no_process)
{
	struct process_record record = left_behind();
	pthread_t thread;

	ck_assert_int_eq(pipe(told) | pipe(stay), 0);
	pthread_create(&thread, NULL, say_number, NULL);
	ck_assert_int_eq(read(told[0], &record.pid, sizeof(record.pid)), sizeof(record.pid));
	record.container.state = ENGINE_RUNNING;
	record.start_ticks = 1;
	leave_behind(&record);
	ck_assert_int_eq(bench_list().first.state, ENGINE_EXITED);
	ck_assert_int_eq(write(stay[1], "", 1), 1);
	pthread_join(thread, NULL);
}
END_TEST

/* Its number stays in use as that of its group. */
START_TEST(children_of_one_that_ended_meanwhile)
{
	const char *id;
	pid_t leader, child;

	COMMAND("/bin/sh", "-c", "sleep 1000 & echo $!; wait");
	id = bench_run();
	child = (pid_t)strtol(bench_logs(id, 1, "\n").text, NULL, 10);
	leader = bench_record(id).pid;
	watch_close(&watch);
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
	ck_assert(bench_lives(child));
	watch_open_process(&watch, state_dir);
	ck_assert_int_eq(bench_list().first.state, ENGINE_EXITED);
	ck_assert(bench_ends(child));
}
END_TEST

/* The engine was killed after it had started the process and before it could write the pid down. */
START_TEST(started_and_not_written_down)
{
	pid_t pid = stranger("SELFLESS_ID=" ID);
	struct process_record record = left_behind();

	record.starting = true;
	for (int i = 0; i < 500 && process_find(ID) != pid; i++)
		watch_run(&watch, 10);
	leave_behind(&record);
	ck_assert_int_eq(bench_list().first.state, ENGINE_RUNNING);
	ck_assert_int_eq(bench_record(ID).pid, pid);
	bench_call(VERB->remove, ID, ENGINE_OK);
	ck_assert(bench_ends(pid));
	record = left_behind();
	record.starting = true;
	leave_behind(&record);
	ck_assert_int_eq(bench_list().first.state, ENGINE_CREATED);
	ck_assert(!bench_record(ID).starting);
}
END_TEST

/* The same, and its program has not begun yet. */
START_TEST(started_a_moment_ago)
{
	char *late[] = {"sh", "-c", "sleep 0.06; SELFLESS_ID=" ID " exec sleep 1000", NULL};
	struct process_record record = left_behind();
	posix_spawnattr_t attributes;
	pid_t pid;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	record.starting = true;
	ck_assert_int_eq(posix_spawn(&pid, "/bin/sh", NULL, &attributes, late, (char *[]){NULL}), 0);
	posix_spawnattr_destroy(&attributes);
	leave_behind(&record);
	if (bench_record(ID).pid != pid)
		end_stranger(pid); /* it would outlive the test, and hold its output */
	ck_assert_int_eq(bench_list().first.state, ENGINE_RUNNING);
	ck_assert_int_eq(bench_record(ID).pid, pid);
	bench_call(VERB->remove, ID, ENGINE_OK);
	ck_assert(bench_ends(pid));
}
END_TEST

START_TEST(one_directory_one_engine)
{
	struct engine_settings settings = {.base = watch.base, .name = "test", .state_dir = state_dir};
	struct engine *other;
	struct err err;

	ck_assert(!process_engine_new(&settings, &other, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "another orchestrator"));
	settings.state_dir = "/dev/null/nowhere";
	ck_assert(!process_engine_new(&settings, &other, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "state_dir"));
}
END_TEST

/* A child that is not yet its own program shares the files of an orchestrator that was killed. */
START_TEST(what_a_killed_one_holds_for_a_moment)
{
	char path[128];
	int status;

	watch_close(&watch);
	snprintf(path, sizeof(path), "%s/process", state_dir);
	pid_t killed = fork();
	if (killed == 0) {
		int fd = open(path, O_RDONLY | O_DIRECTORY);
		bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
		if (fork() == 0)
			poll(NULL, 0, 300);
		_exit(locked ? 0 : 1);
	}
	waitpid(killed, &status, 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	watch_open_process(&watch, state_dir);
	ck_assert_ptr_nonnull(watch.engine);
}
END_TEST

START_TEST(what_is_no_record)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/process/" ID, state_dir);
	ck_assert_int_ne(mkdir(path, 0700), -1);
	bench_reopen(); /* half made: swept */
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_ne(mkdir(path, 0700), -1);
	snprintf(path, sizeof(path), "%s/process/" ID "/record", state_dir);
	file = fopen(path, "w");
	fputs("{\"name\": \"idle_0\"}", file);
	fclose(file);
	bench_reopen(); /* for a person to look at */
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_uint_eq(bench_list().listed, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	        what_its_process_left,
	        by_the_next_engine,
	        created_and_ended_ones_too,
	        after_kill_9,
	        one_that_ended_meanwhile,
	        a_pid_is_not_enough,
	        started_and_not_written_down,
	        started_a_moment_ago,
	        one_directory_one_engine,
	        what_is_no_record,
	        what_a_killed_one_holds_for_a_moment,
	        a_number_that_is_no_process,
	        children_of_one_that_ended_meanwhile,
	};

	return bench_main("process_adopt", tests, sizeof(tests) / sizeof(tests[0]));
}
