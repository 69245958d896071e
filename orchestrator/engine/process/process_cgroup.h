/* process_cgroup: the CPU limit of a process, through a control group of its own (cgroups(7)): of version 2, or of the cpu
 * controller of version 1. Only root may make them, and not in every container.
 *
 *   MOUNT/selfless.NAME/ID/cpu.max                               version 2
 *   MOUNT/selfless.NAME/ID/cpu.cfs_period_us, cpu.cfs_quota_us   version 1
 *
 * A process goes into its group by itself (process_enter), before it becomes the program it is to be: to move one takes the
 * kernel milliseconds, which the loop does not have.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>

#define PROCESS_CGROUP_DIR_SIZE 300
#define PROCESS_CGROUP_PATH_SIZE 512
#define PROCESS_CGROUP_PERIOD_US 100000 /* a quota is so many microseconds of this */

struct process_cgroup {
	int version; /* 0: there are none */
	char mount[PROCESS_CGROUP_DIR_SIZE];
	char dir[PROCESS_CGROUP_DIR_SIZE]; /* of all of ours; made when the first one is */
};

/* mounts: /proc/self/mounts. name: of the orchestrator. */
void process_cgroup_find(struct process_cgroup *cgroup, const char *mounts, const char *name);

/* Can groups be made? */
bool process_cgroup_open(const struct process_cgroup *cgroup, struct err *err) MUST_CHECK;

/* The group of this id with this quota. procs: the file that a process writes itself to. */
bool process_cgroup_make(const struct process_cgroup *cgroup, const char *id, int quota_us,
                         char procs[PROCESS_CGROUP_PATH_SIZE], struct err *err) MUST_CHECK;

/* Nothing happens where there is none, or where somebody is in it. id NULL: the directory of all of them. */
void process_cgroup_remove(const struct process_cgroup *cgroup, const char *id);

/* This process goes into the group. */
bool process_cgroup_join(const char *procs, struct err *err) MUST_CHECK;
