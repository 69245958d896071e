/* The process engine with real processes: each verb, each fault a user can cause, the environment, the log's bound. */
#include "tests/unit/orchestrator/engine/process_bench.h"

#include "common/clock.h"
#include "orchestrator/engine/process/process_cgroup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY "00000000000000000000000000000000000000000000000000000000000000ff"

/* For this process, for good: pidfd_open(2) is not permitted, as in containers of old. */
static void forbid_pidfd(void)
{
	struct sock_filter filter[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void check_at_port(const char *address)
{
	char wanted[ADDRESS_TEXT_SIZE];

	snprintf(wanted, sizeof(wanted), "127.0.0.1:%d", place.host_port);
	ck_assert_str_eq(address, wanted);
}

START_TEST(the_life_of_a_process)
{
	struct outcome outcome = bench_create(ENGINE_OK);
	char id[ENGINE_ID_SIZE];

	snprintf(id, sizeof(id), "%s", outcome.id);
	ck_assert(process_is_id(id));
	outcome = bench_list();
	ck_assert_uint_eq(outcome.listed, 1);
	ck_assert_str_eq(outcome.first.id, id);
	ck_assert_str_eq(outcome.first.name, "idle_0");
	ck_assert_str_eq(outcome.first.service, "idle");
	ck_assert_str_eq(outcome.first.spec, spec.hash);
	ck_assert_str_eq(outcome.first.image, "/bin/sleep");
	ck_assert_int_eq(outcome.first.slot, 0);
	ck_assert_int_eq(outcome.first.host_port, place.host_port);
	ck_assert_int_eq(outcome.first.state, ENGINE_CREATED);
	ck_assert_str_eq(bench_call(VERB->inspect, id, ENGINE_OK).address, "");

	check_at_port(bench_start(id, ENGINE_OK).address);
	check_at_port(bench_start(id, ENGINE_OK).address);
	ck_assert_str_eq(watch_event(&watch, ENGINE_EVENT_START, SOON_MS)->id, id);
	ck_assert_int_gt(watch_event(&watch, ENGINE_EVENT_START, 0)->engine_time_ns, 0);
	ck_assert_uint_eq(watch.event_count, 1);
	ck_assert_int_eq(bench_list().first.state, ENGINE_RUNNING);
	outcome = bench_call(VERB->inspect, id, ENGINE_OK);
	ck_assert_int_eq(outcome.result.state, ENGINE_RUNNING);
	check_at_port(outcome.address);
	check_at_port(bench_list().first_address);

	bench_stop(id, 5000);
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 128 + SIGTERM);
	outcome = bench_call(VERB->inspect, id, ENGINE_OK);
	ck_assert_int_eq(outcome.result.state, ENGINE_EXITED);
	ck_assert_int_eq(outcome.result.exit_code, 128 + SIGTERM);
	ck_assert(!outcome.result.oom_killed);
	bench_stop(id, 5000); /* has ended already */

	bench_call(VERB->remove, id, ENGINE_OK);
	ck_assert_str_eq(watch_event(&watch, ENGINE_EVENT_DESTROY, SOON_MS)->id, id);
	bench_call(VERB->remove, id, ENGINE_OK); /* not found is ok */
	ck_assert_uint_eq(bench_list().listed, 0);
}
END_TEST

START_TEST(paused_it_stands_still)
{
	const char *id = bench_run();
	pid_t pid = bench_record(id).pid;

	bench_call(VERB->pause, id, ENGINE_OK);
	bench_call(VERB->pause, id, ENGINE_OK);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_PAUSE, SOON_MS));
	ck_assert_int_eq(bench_list().first.state, ENGINE_PAUSED);
	bench_call(VERB->unpause, id, ENGINE_OK);
	bench_call(VERB->unpause, id, ENGINE_REFUSED);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_UNPAUSE, SOON_MS));
	ck_assert_int_eq(bench_list().first.state, ENGINE_RUNNING);

	ck_assert_int_ne(kill(pid, SIGSTOP), -1); /* by somebody else */
	for (int i = 0; i < 200 && bench_list().first.state != ENGINE_PAUSED; i++)
		watch_run(&watch, 5);
	ck_assert_int_eq(bench_call(VERB->inspect, id, ENGINE_OK).result.state, ENGINE_PAUSED);
	bench_stop(id, 5000); /* and SIGTERM is heard all the same */
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 128 + SIGTERM);
}
END_TEST

START_TEST(exit_codes)
{
	const char *id;

	COMMAND("/bin/sh", "-c", "exit 7");
	id = bench_run();
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 7);
	ck_assert_int_eq(bench_call(VERB->inspect, id, ENGINE_OK).result.exit_code, 7);
	ck_assert_int_eq(bench_record(id).exit_code, 7);
	watch.event_count = 0;
	bench_stop(id, 0);          /* answered when nobody is left of it */
	bench_start(id, ENGINE_OK); /* once more */
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 7);
}
END_TEST

START_TEST(killed_from_outside)
{
	const char *id = bench_run();

	ck_assert_int_ne(kill(bench_record(id).pid, SIGKILL), -1);
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 128 + SIGKILL);
	ck_assert_int_eq(bench_list().first.state, ENGINE_EXITED);
}
END_TEST

START_TEST(a_deaf_one_is_killed_after_the_grace)
{
	int64_t begin_ms;
	const char *id;

	COMMAND("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done");
	id = bench_run();
	bench_logs(id, 5, "deaf");
	begin_ms = clock_ms();
	bench_stop(id, 300);
	ck_assert_int_ge(clock_ms() - begin_ms, 290);
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 128 + SIGKILL);
}
END_TEST

START_TEST(a_removal_does_not_wait_for_a_stop)
{
	struct outcome stop = {0};
	int64_t begin_ms;
	const char *id;

	COMMAND("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done");
	id = bench_run();
	bench_logs(id, 5, "deaf");
	begin_ms = clock_ms();
	VERB->stop(watch.engine, id, 60000, outcome_take, &stop);
	bench_call(VERB->remove, id, ENGINE_OK);
	ck_assert_int_lt(clock_ms() - begin_ms, 10000);
	ck_assert_int_eq(stop.count, 1);
	ck_assert_int_eq(stop.fault, ENGINE_OK);
	ck_assert_int_eq(watch.events[watch.event_count - 2].type, ENGINE_EVENT_DIE);
	ck_assert_int_eq(watch.events[watch.event_count - 1].type, ENGINE_EVENT_DESTROY);
}
END_TEST

/* The number that it wrote as its last line. */
static pid_t said_number(const char *id)
{
	struct outcome outcome = bench_logs(id, 1, "\n");

	return (pid_t)strtol(outcome.text, NULL, 10);
}

START_TEST(children_of_its_own_go_with_it)
{
	const char *id;
	pid_t child;

	COMMAND("/bin/sh", "-c", "sleep 1000 & echo $!; wait");
	id = bench_run();
	child = said_number(id);
	ck_assert(bench_lives(child));
	bench_call(VERB->remove, id, ENGINE_OK);
	ck_assert(bench_ends(child));

	COMMAND("/bin/sh", "-c", "sleep 1000 & echo $!");
	id = bench_run();
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	ck_assert(bench_ends(said_number(id)));
}
END_TEST

/* In sessions of their own no signal to its group gets to them. */
START_TEST(those_that_went_their_own_way_go_with_it)
{
	const char *id;
	pid_t child;

	COMMAND("/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000' & wait");
	id = bench_run();
	child = said_number(id);
	ck_assert(bench_lives(child));
	bench_call(VERB->remove, id, ENGINE_OK); /* not answered before they are gone */
	ck_assert(!bench_lives(child) || bench_ends(child));

	COMMAND("/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2"); /* a daemon */
	id = bench_run();
	child = said_number(id);
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	ck_assert(bench_ends(child));
}
END_TEST

/* Clients have all descriptors: what is left behind is found once there are some again. */
START_TEST(without_descriptors_they_are_found_later)
{
	struct rlimit few = {.rlim_cur = 64};
	int fds[64], count = 0;
	struct rlimit limit;
	const char *id;
	pid_t child;

	COMMAND("/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.3");
	id = bench_run();
	child = said_number(id);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few.rlim_max = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (count < 64 && (fds[count] = dup(0)) != -1)
		count++;
	ck_assert_ptr_nonnull(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS));
	watch_run(&watch, 50);
	close(fds[--count]); /* enough to begin, not to look at anybody */
	watch_run(&watch, 200);
	ck_assert(bench_lives(child));
	while (count > 0)
		close(fds[--count]);
	ck_assert(bench_ends(child));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	bench_call(VERB->remove, id, ENGINE_OK);
}
END_TEST

START_TEST(what_it_is_told)
{
	static char *env_items[] = {"NAME=value", "PATH=/nowhere"};
	static const struct strings env = {env_items, 2};
	char wanted[400], dir[SOCKET_DIR_SIZE];
	const char *id;
	struct outcome outcome;

	COMMAND("/usr/bin/env");
	spec.env = &env;
	spec.reach = REACH_SOCKET;
	id = bench_run();
	outcome = bench_list();
	ck_assert(socket_dir_of(&outcome.first.address, dir));
	ck_assert_int_eq(watch_event(&watch, ENGINE_EVENT_DIE, SOON_MS)->exit_code, 0);
	snprintf(wanted, sizeof(wanted), "SELFLESS_ID=%s\nNAME=value\nPATH=/nowhere\nPORT=%d\n", id, place.host_port);
	outcome = bench_logs(id, 20, wanted);
	snprintf(wanted, sizeof(wanted), "LISTEN=127.0.0.1:%d,unix:%s/http\nDATA_DIR=%s/idle\nHOSTNAME=%.12s\n",
	         place.host_port, dir, state_dir, id);
	ck_assert_msg(strstr(outcome.text, wanted) != NULL, "%s", outcome.text);
	ck_assert_ptr_null(strstr(outcome.text, "HOME="));
}
END_TEST

START_TEST(where_it_listens)
{
	static const struct {
		char *publish[3];
		size_t count;
		const char *listen;
	} rows[] = {
	        {{NULL}, 0, "LISTEN=127.0.0.1:%d\n"},
	        {{"127.0.0.1"}, 1, "LISTEN=127.0.0.1:%d\n"},
	        {{"10.1.2.3"}, 1, "LISTEN=127.0.0.1:%d,10.1.2.3:%d\n"},
	        {{"10.1.2.3", "0.0.0.0"}, 2, "LISTEN=0.0.0.0:%d\n"},
	        {{"127.0.0.1", "::1"}, 2, "LISTEN=127.0.0.1:%d,[::1]:%d\n"},
	        {{"::1", "0.0.0.0", "10.1.2.3"}, 3, "LISTEN=0.0.0.0:%d,[::1]:%d\n"},
	        {{"::"}, 1, "LISTEN=127.0.0.1:%d,[::]:%d\n"},
	};

	COMMAND("/usr/bin/env");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *items[3] = {rows[i].publish[0], rows[i].publish[1], rows[i].publish[2]};
		const struct strings publish = {items, rows[i].count};
		char wanted[100];

		spec.publish = &publish;
		snprintf(wanted, sizeof(wanted), rows[i].listen, place.host_port, place.host_port);
		bench_logs(bench_run(), 20, wanted);
		bench_call(VERB->remove, bench_list().first.id, ENGINE_OK);
	}
	spec.publish = NULL;
}
END_TEST

START_TEST(nothing_of_ours_is_open_in_it)
{
	int fd = open("/dev/null", O_RDONLY); /* on purpose without O_CLOEXEC */
	const char *id;

	ck_assert_int_gt(fd, 2);
	COMMAND("/bin/sh", "-c",
	        "for fd in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; echo end");
	id = bench_run();
	ck_assert_str_eq(bench_logs(id, 20, "end").text, "0\n1\n2\nend\n");
	COMMAND("/bin/sh", "-c",
	        "read line || echo nothing; ps -o sid= -p $$ | tr -d ' ' | grep -qx $$ && echo leader >&2");
	bench_call(VERB->remove, id, ENGINE_OK);
	ck_assert_str_eq(bench_logs(bench_run(), 20, "leader").text, "nothing\nleader\n");
	close(fd);
}
END_TEST

START_TEST(names)
{
	const char *id = bench_run();
	struct outcome other;

	ck_assert_str_eq(bench_create(ENGINE_NAME_TAKEN).id, "");
	place.name = "idle_0.next";
	other = bench_create(ENGINE_OK);
	for (int i = 0; i < 2; i++) {
		struct outcome renamed = {0};

		VERB->rename(watch.engine, other.id, "idle_0", outcome_take, &renamed);
		ck_assert(watch_until(&watch, &renamed.count, 1, SOON_MS));
		ck_assert_int_eq(renamed.fault, i == 0 ? ENGINE_NAME_TAKEN : ENGINE_OK);
		if (i == 0)
			bench_call(VERB->remove, id, ENGINE_OK);
	}
	ck_assert_str_eq(bench_list().first.name, "idle_0");
	ck_assert_str_eq(bench_record(other.id).container.name, "idle_0");
}
END_TEST

START_TEST(a_port_may_be_taken)
{
	struct outcome outcome = bench_create(ENGINE_OK);
	char number[16];
	int fd;

	bench_call(VERB->remove, outcome.id, ENGINE_OK);
	place.host_port = bench_port(&fd);
	outcome = bench_create(ENGINE_OK);
	snprintf(number, sizeof(number), "%d", place.host_port);
	ck_assert_ptr_nonnull(strstr(bench_start(outcome.id, ENGINE_PORT_TAKEN).message, number));
	ck_assert_int_eq(bench_list().first.state, ENGINE_CREATED);
	close(fd);
	bench_start(outcome.id, ENGINE_OK);
}
END_TEST

static void refuse_command(char *command)
{
	struct outcome outcome;

	COMMAND(command);
	outcome = bench_create(ENGINE_OK);
	outcome = bench_start(outcome.id, ENGINE_NO_IMAGE);
	ck_assert_ptr_nonnull(strstr(outcome.message, command));
	ck_assert_ptr_nonnull(strstr(outcome.message, "`command` of service idle"));
	ck_assert_int_eq(bench_list().first.state, ENGINE_CREATED);
	bench_call(VERB->remove, outcome.id, ENGINE_OK);
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_START, 0));
	ck_assert_ptr_null(watch_event(&watch, ENGINE_EVENT_DIE, 0));
}

START_TEST(a_program_may_be_missing)
{
	char path[100];
	FILE *file;

	refuse_command("/no/such/program");
	refuse_command("no-such-program-on-the-path");
	refuse_command(state_dir); /* a directory */
	snprintf(path, sizeof(path), "%s/script", state_dir);
	file = fopen(path, "w");
	fputs("touch /tmp/selfless-shell-ran\n", file);
	fclose(file);
	refuse_command(path); /* not executable */
	ck_assert_int_ne(chmod(path, 0755), -1);
	refuse_command(path); /* no #!: it is not given to a shell */
}
END_TEST

START_TEST(nobody_of_that_id)
{
	struct outcome outcome = {0};

	bench_start(NOBODY, ENGINE_NOT_FOUND);
	bench_call(VERB->pause, NOBODY, ENGINE_NOT_FOUND);
	bench_call(VERB->unpause, NOBODY, ENGINE_NOT_FOUND);
	bench_call(VERB->inspect, NOBODY, ENGINE_NOT_FOUND);
	bench_call(VERB->remove, NOBODY, ENGINE_OK);
	VERB->stop(watch.engine, NOBODY, 100, outcome_take, &outcome);
	VERB->rename(watch.engine, NOBODY, "name", outcome_take, &outcome);
	VERB->logs(watch.engine, NOBODY, 10, outcome_take, &outcome);
	ck_assert(watch_until(&watch, &outcome.count, 3, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_NOT_FOUND);
}
END_TEST

START_TEST(prepared_there_is_a_folder_for_its_data)
{
	struct outcome outcome = {0};
	char path[100];

	spec.cpus = 0.5;
	spec.memory_mb = 100;
	for (int i = 1; i <= 2; i++) {
		VERB->prepare(watch.engine, &spec, outcome_take, &outcome);
		ck_assert(watch_until(&watch, &outcome.count, i, SOON_MS));
		ck_assert_int_eq(outcome.fault, ENGINE_OK);
	}
	snprintf(path, sizeof(path), "%s/idle", state_dir);
	ck_assert_int_eq(access(path, W_OK), 0);
	ck_assert_int_ne(rmdir(path), -1);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); /* a file is in the way of the name behind it */
	spec.service = "idle/more";
	VERB->prepare(watch.engine, &spec, outcome_take, &outcome);
	ck_assert(watch_until(&watch, &outcome.count, 3, SOON_MS));
	ck_assert_int_eq(outcome.fault, ENGINE_REFUSED);
}
END_TEST

START_TEST(memory_is_limited)
{
	struct rlimit limit;
	const char *id;

	spec.memory_mb = 100;
	id = bench_run();
	ck_assert_int_ne(prlimit(bench_record(id).pid, RLIMIT_AS, NULL, &limit), -1);
	ck_assert_uint_eq(limit.rlim_max, 100u << 20);
}
END_TEST

static double seconds_used(pid_t pid)
{
	char path[64];
	unsigned long user, system;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(
	        fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system), 2);
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* A process that would take all it gets, with a tenth of a processor, in a group that is gone when it is. */
START_TEST(cpus_are_limited)
{
	static char *env_items[] = {"LD_LIBRARY_PATH=/nowhere"};
	static const struct strings env = {env_items, 1};
	struct process_cgroup cgroup;
	struct rlimit limit;
	struct err err;
	char dir[PROCESS_CGROUP_PATH_SIZE];
	const char *id;
	pid_t pid;

	process_cgroup_find(&cgroup, "/proc/self/mounts", strrchr(state_dir, '/') + 1);
	if (!process_cgroup_open(&cgroup, &err)) {
		fprintf(stderr, "cpus_are_limited: nothing tested: %s\n", err.message);
		return;
	}
	spec.cpus = 0.1;
	spec.memory_mb = 100;
	spec.env = &env;
	COMMAND("sh", "-c", "echo $LD_LIBRARY_PATH begun; while :; do :; done");
	id = bench_run();
	spec.env = NULL;
	bench_logs(id, 1, "/nowhere begun");
	pid = bench_record(id).pid;
	ck_assert_int_ne(prlimit(pid, RLIMIT_AS, NULL, &limit), -1);
	ck_assert_uint_eq(limit.rlim_max, 100u << 20);
	snprintf(dir, sizeof(dir), "%s/%s", cgroup.dir, id);
	ck_assert_int_eq(access(dir, F_OK), 0);
	watch_run(&watch, 2000);
	ck_assert_double_gt(seconds_used(pid), 0);
	ck_assert_double_lt(seconds_used(pid), 0.5);
	bench_call(VERB->remove, id, ENGINE_OK);
	ck_assert_int_eq(access(dir, F_OK), -1);
	COMMAND("no-such-program-anywhere");
	ck_assert_ptr_nonnull(strstr(bench_start(bench_create(ENGINE_OK).id, ENGINE_NO_IMAGE).message, "No such file"));
}
END_TEST

START_TEST(its_output_is_bounded)
{
	char path[200];
	struct stat stat_now = {0};
	const char *id;

	COMMAND("/bin/sh", "-c", "yes 0123456789 | head -n 400000; echo last; exec sleep 1000");
	id = bench_run();
	bench_logs(id, 1, "last");
	snprintf(path, sizeof(path), "%s/process/%s/log", state_dir, id);
	for (int i = 0; i < 500; i++) {
		ck_assert_int_ne(stat(path, &stat_now), -1);
		if (stat_now.st_size == 0)
			break;
		watch_run(&watch, 20);
	}
	ck_assert_int_eq(stat_now.st_size, 0);
	ck_assert_str_eq(bench_logs(id, 2, "last").text, "0123456789\nlast\n");
}
END_TEST

START_TEST(freed_it_says_nothing_and_ends_nothing)
{
	struct outcome outcome = {0};
	const char *id = bench_run();
	pid_t pid = bench_record(id).pid;

	VERB->list(watch.engine, outcome_take, &outcome);
	VERB->pause(watch.engine, id, outcome_take, &outcome);
	VERB->unpause(watch.engine, id, outcome_take, &outcome);
	bench_reopen();
	ck_assert_int_eq(outcome.count, 0);
	ck_assert(bench_lives(pid));
	COMMAND("/bin/sh", "-c", "trap '' TERM; sleep 1000");
	VERB->stop(watch.engine, id, 60000, outcome_take, &outcome);
	bench_reopen();
	ck_assert_int_eq(outcome.count, 0);
}
END_TEST

START_TEST(many_answers_each_once_and_in_order)
{
	struct outcome outcomes[50] = {0};

	for (size_t i = 0; i < 50; i++)
		VERB->list(watch.engine, outcome_take, &outcomes[i]);
	for (size_t i = 0; i < 50; i++)
		ck_assert_int_eq(outcomes[i].count, 0);
	ck_assert(watch_until(&watch, &outcomes[49].count, 1, SOON_MS));
	watch_run(&watch, 20);
	for (size_t i = 0; i < 50; i++)
		ck_assert_int_eq(outcomes[i].count, 1);
	ck_assert_int_eq(watch.ups, 1);
	ck_assert_int_eq(watch.downs, 0);
}
END_TEST

/* What was started and cannot be watched is ended, and nothing is left of it. */
START_TEST(cannot_be_watched)
{
	struct outcome outcome = bench_create(ENGINE_OK);
	char id[ENGINE_ID_SIZE];

	snprintf(id, sizeof(id), "%s", outcome.id);
	forbid_pidfd();
	outcome = bench_start(id, ENGINE_REFUSED);
	ck_assert_ptr_nonnull(strstr(outcome.message, "cannot watch process"));
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	        the_life_of_a_process,
	        paused_it_stands_still,
	        exit_codes,
	        killed_from_outside,
	        a_deaf_one_is_killed_after_the_grace,
	        a_removal_does_not_wait_for_a_stop,
	        children_of_its_own_go_with_it,
	        those_that_went_their_own_way_go_with_it,
	        without_descriptors_they_are_found_later,
	        what_it_is_told,
	        where_it_listens,
	        nothing_of_ours_is_open_in_it,
	        names,
	        a_port_may_be_taken,
	        a_program_may_be_missing,
	        nobody_of_that_id,
	        prepared_there_is_a_folder_for_its_data,
	        memory_is_limited,
	        cpus_are_limited,
	        its_output_is_bounded,
	        freed_it_says_nothing_and_ends_nothing,
	        many_answers_each_once_and_in_order,
	        cannot_be_watched,
	};

	return bench_main("process", tests, sizeof(tests) / sizeof(tests[0]));
}
