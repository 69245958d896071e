/* process_proc: /proc/PID/stat, /proc/PID/environ and the boot's id. */
#include "orchestrator/engine/process/process_proc.h"

#include "common/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENVIRON_MAX ((size_t)1 << 16)

/* The first bytes of a file, with a NUL behind; "" if it cannot be read. */
static size_t read_start(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t count = 1;

	while (fd != -1 && count > 0 && len < size - 1) {
		count = read(fd, out + len, size - 1 - len);
		len += count > 0 ? (size_t)count : 0;
	}
	if (fd != -1)
		close(fd);
	out[len] = '\0';
	return len;
}

bool process_stat(pid_t pid, struct process_stat *stat)
{
	char path[64];
	char text[1024];
	const char *rest;
	int session = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_start(path, text, sizeof(text)) == 0)
		return false;
	rest = strrchr(text, ')'); /* the name before it may hold anything */
	/* proc(5): state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime
	 * priority nice threads itrealvalue starttime */
	if (rest == NULL || sscanf(rest + 1,
	                           " %c %*d %*d %9d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
	                           "%*d %20" SCNu64,
	                           &stat->state, &session, &stat->start_ticks) != 3)
		return false;
	stat->session = session;
	return true;
}

int64_t process_age_ms(uint64_t start_ticks)
{
	struct timespec now;
	int64_t started_ms = (int64_t)(start_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));

	clock_gettime(CLOCK_BOOTTIME, &now);
	int64_t age_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - started_ms;
	return age_ms > 0 ? age_ms : 0;
}

void process_boot(char boot[40])
{
	char text[64];

	read_start("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	snprintf(boot, 40, "%.*s", (int)strcspn(text, "\n"), text);
}

bool process_id_of(pid_t pid, char id[ENGINE_ID_SIZE])
{
	static const char key[] = PROCESS_ID_KEY "=";
	char *text = mem_array(NULL, ENVIRON_MAX, 1);
	char path[64];
	size_t len;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	len = read_start(path, text, ENVIRON_MAX);
	for (size_t at = 0; at < len && !found; at += strlen(text + at) + 1) {
		found = strncmp(text + at, key, sizeof(key) - 1) == 0;
		if (found)
			snprintf(id, ENGINE_ID_SIZE, "%s", text + at + sizeof(key) - 1);
	}
	free(text);
	return found;
}

/* Calls visit for each process until that says false. */
static void each_process(bool (*visit)(pid_t pid, const struct process_stat *stat, void *arg), void *arg)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool more = true;

	while (proc != NULL && more && (entry = readdir(proc)) != NULL) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		struct process_stat stat;

		if (*end == '\0' && pid > 1 && process_stat((pid_t)pid, &stat))
			more = visit((pid_t)pid, &stat, arg);
	}
	if (proc != NULL)
		closedir(proc);
}

struct search {
	const char *id;
	pid_t session; /* the result */
};

static bool is_leader(pid_t pid, const struct process_stat *stat, void *arg)
{
	struct search *search = arg;
	char id[ENGINE_ID_SIZE];

	if (stat->session == pid && process_id_of(pid, id) && strcmp(id, search->id) == 0)
		search->session = pid;
	return search->session == 0;
}

pid_t process_find(const char *id)
{
	struct search search = {id, 0};

	each_process(is_leader, &search);
	return search.session;
}
