/* process_cgroup: directories and small files below the mount of a cgroup file system. */
#include "orchestrator/engine/process/process_cgroup.h"

#include "orchestrator/engine/process/process_record.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text, struct err *err)
{
	FILE *file = fopen(path, "we");
	bool ok = file != NULL && fputs(text, file) != EOF;

	ok &= file != NULL && fclose(file) == 0;
	return ok || err_set_errno(err, errno, "cannot write %s", path);
}

static bool write_text(const char *dir, const char *name, const char *text, struct err *err)
{
	char path[PROCESS_CGROUP_PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return err_set(err, "the path of a control group is too long");
	return write_file(path, text, err);
}

static bool make_dir(const char *path, struct err *err)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST || err_set_errno(err, errno, "cannot make %s", path);
}

static bool lists_cpu(const char *dir)
{
	char path[PROCESS_CGROUP_PATH_SIZE];
	char word[32];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	file = fopen(path, "re");
	while (file != NULL && !found && fscanf(file, "%31s", word) == 1)
		found = strcmp(word, "cpu") == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

/* The version of this mount's groups, if they have CPU limits. */
static int version_of(const struct mntent *mount)
{
	if (strcmp(mount->mnt_type, "cgroup2") == 0)
		return lists_cpu(mount->mnt_dir) ? 2 : 0;
	return strcmp(mount->mnt_type, "cgroup") == 0 && hasmntopt(mount, "cpu") != NULL ? 1 : 0;
}

void process_cgroup_find(struct process_cgroup *cgroup, const char *mounts, const char *name)
{
	FILE *file = setmntent(mounts, "re");
	const struct mntent *mount;

	memset(cgroup, 0, sizeof(*cgroup));
	while (file != NULL && cgroup->version == 0 && (mount = getmntent(file)) != NULL) {
		int mount_len = snprintf(cgroup->mount, sizeof(cgroup->mount), "%s", mount->mnt_dir);
		int len = snprintf(cgroup->dir, sizeof(cgroup->dir), "%s/selfless.%s", mount->mnt_dir, name);

		if (mount_len < (int)sizeof(cgroup->mount) && len < (int)sizeof(cgroup->dir))
			cgroup->version = version_of(mount);
	}
	if (file != NULL)
		endmntent(file);
}

/* Version 2: a group has a controller's files if the one above hands it on. */
bool process_cgroup_open(const struct process_cgroup *cgroup, struct err *err)
{
	if (cgroup->version == 0)
		return err_set(err, "no control groups with a CPU limit are mounted");
	if (cgroup->version == 2 && !write_text(cgroup->mount, "cgroup.subtree_control", "+cpu", err))
		return false;
	return make_dir(cgroup->dir, err) &&
	       (cgroup->version == 1 || write_text(cgroup->dir, "cgroup.subtree_control", "+cpu", err));
}

static void path_of(char path[PROCESS_CGROUP_PATH_SIZE], const struct process_cgroup *cgroup, const char *id)
{
	snprintf(path, PROCESS_CGROUP_PATH_SIZE, "%s/%s", cgroup->dir, id);
}

bool process_cgroup_make(const struct process_cgroup *cgroup, const char *id, int quota_us,
                         char procs[PROCESS_CGROUP_PATH_SIZE], struct err *err)
{
	char dir[PROCESS_CGROUP_PATH_SIZE];
	char period[16], quota[16], both[40];

	path_of(dir, cgroup, id);
	snprintf(period, sizeof(period), "%d", PROCESS_CGROUP_PERIOD_US);
	snprintf(quota, sizeof(quota), "%d", quota_us);
	snprintf(both, sizeof(both), "%s %s", quota, period);
	if (snprintf(procs, PROCESS_CGROUP_PATH_SIZE, "%s/cgroup.procs", dir) >= PROCESS_CGROUP_PATH_SIZE)
		return err_set(err, "the path of a control group is too long");
	if (!process_cgroup_open(cgroup, err) || !make_dir(dir, err))
		return false;
	if (cgroup->version == 2)
		return write_text(dir, "cpu.max", both, err);
	return write_text(dir, "cpu.cfs_period_us", period, err) && write_text(dir, "cpu.cfs_quota_us", quota, err);
}

void process_cgroup_remove(const struct process_cgroup *cgroup, const char *id)
{
	char dir[PROCESS_CGROUP_PATH_SIZE];

	if (cgroup->version == 0)
		return;
	path_of(dir, cgroup, id != NULL ? id : "");
	(void)rmdir(dir);
}

bool process_cgroup_join(const char *procs, struct err *err)
{
	return write_file(procs, "0", err);
}
