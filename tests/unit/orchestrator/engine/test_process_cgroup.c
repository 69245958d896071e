/* Control groups of both versions, in directories that stand for their mounts; the real ones are in test_process. */
#include "orchestrator/engine/process/process_cgroup.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "00000000000000000000000000000000000000000000000000000000000000aa"

static char mount[64], mounts[80];
static struct process_cgroup cgroup;
static struct err err;

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* What a file below the mount holds. */
static const char *text_of(const char *name)
{
	static char text[128];
	char path[600];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", mount, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "no %s", path);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* controllers: NULL = the system has no version 2. */
static void find(const char *type, const char *options, const char *controllers)
{
	char line[300], path[200];

	snprintf(mount, sizeof(mount), "/tmp/selfless-cgroup-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(mount));
	if (controllers != NULL) {
		snprintf(path, sizeof(path), "%s/cgroup.controllers", mount);
		put(path, controllers);
	}
	snprintf(mounts, sizeof(mounts), "%s.mounts", mount);
	snprintf(line, sizeof(line), "proc /proc proc rw 0 0\ncgroup %s %s %s 0 0\n", mount, type, options);
	put(mounts, line);
	process_cgroup_find(&cgroup, mounts, "test");
}

static void sweep_files(void)
{
	static const char *const names[] = {"cgroup.controllers",
	                                    "cgroup.subtree_control",
	                                    "selfless.test/cgroup.subtree_control",
	                                    ("selfless.test/" ID "/cpu.max"),
	                                    ("selfless.test/" ID "/cpu.cfs_period_us"),
	                                    ("selfless.test/" ID "/cpu.cfs_quota_us"),
	                                    ("selfless.test/" ID),
	                                    "selfless.test",
	                                    ""};
	char path[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", mount, names[i]);
		(void)remove(path);
	}
	ck_assert_int_eq(access(mount, F_OK), -1);
	unlink(mounts);
}

START_TEST(version_2)
{
	char procs[PROCESS_CGROUP_PATH_SIZE], wanted[300];

	find("cgroup2", "rw,nosuid", "cpuset cpu io memory\n");
	ck_assert_int_eq(cgroup.version, 2);
	ck_assert_int_eq(access(cgroup.dir, F_OK), -1); /* not before it is needed */
	ck_assert_msg(process_cgroup_make(&cgroup, ID, 25000, procs, &err), "%s", err.message);
	ck_assert_str_eq(text_of("cgroup.subtree_control"), "+cpu");
	ck_assert_str_eq(text_of("selfless.test/cgroup.subtree_control"), "+cpu");
	ck_assert_str_eq(text_of("selfless.test/" ID "/cpu.max"), "25000 100000");
	snprintf(wanted, sizeof(wanted), "%s/selfless.test/" ID "/cgroup.procs", mount);
	ck_assert_str_eq(procs, wanted);
	sweep_files();
}
END_TEST

START_TEST(version_1)
{
	char procs[PROCESS_CGROUP_PATH_SIZE];

	find("cgroup", "rw,cpu,cpuacct", NULL);
	ck_assert_int_eq(cgroup.version, 1);
	ck_assert(process_cgroup_make(&cgroup, ID, 150000, procs, &err));
	ck_assert_str_eq(text_of("selfless.test/" ID "/cpu.cfs_period_us"), "100000");
	ck_assert_str_eq(text_of("selfless.test/" ID "/cpu.cfs_quota_us"), "150000");
	sweep_files();
}
END_TEST

START_TEST(none)
{
	static const struct {
		const char *type, *options, *controllers;
	} rows[] = {{"cgroup2", "rw", "cpuset io memory\n"},
	            {"cgroup2", "rw", NULL},
	            {"cgroup", "rw,cpuset", NULL},
	            {"tmpfs", "cpu", "cpu"}};
	char procs[PROCESS_CGROUP_PATH_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		find(rows[i].type, rows[i].options, rows[i].controllers);
		ck_assert_int_eq(cgroup.version, 0);
		ck_assert(!process_cgroup_make(&cgroup, ID, 25000, procs, &err));
		ck_assert_ptr_nonnull(strstr(err.message, "no control groups"));
		process_cgroup_remove(&cgroup, ID);
		process_cgroup_remove(&cgroup, NULL);
		sweep_files();
	}
	process_cgroup_find(&cgroup, "/nonexistent/mounts", "test");
	ck_assert_int_eq(cgroup.version, 0);
}
END_TEST

/* What is in use stays. */
START_TEST(removed)
{
	char path[300];

	find("cgroup", "rw,cpu", NULL);
	ck_assert(process_cgroup_open(&cgroup, &err));
	snprintf(path, sizeof(path), "%s/selfless.test/" ID, mount);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	process_cgroup_remove(&cgroup, NULL);
	ck_assert_int_eq(access(path, F_OK), 0);
	process_cgroup_remove(&cgroup, ID);
	ck_assert_int_eq(access(path, F_OK), -1);
	process_cgroup_remove(&cgroup, NULL);
	ck_assert_int_eq(access(cgroup.dir, F_OK), -1);
	sweep_files();
}
END_TEST

UNIT_MAIN("process_cgroup", version_2, version_1, none, removed)
