/* process_spawn: posix_spawn, which tells whether the program could be executed and copies no memory of ours.
 *
 * The memory limit is the size of the address space (RLIMIT_AS), set right after the start: what needs no rights and
 * is there everywhere. The program sees it as an allocation that fails, and is never killed for it.
 */
#include "orchestrator/engine/process/process_spawn.h"

#include "orchestrator/engine/process/process_cgroup.h"

#include "common/log.h"
#include "common/mem.h"

#include <assert.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB 1048576

/* The items and a NULL behind them. */
static char **to_vector(const struct strings *strings)
{
	char **vector = mem_array(NULL, strings->count + 1, sizeof(vector[0]));

	for (size_t i = 0; i < strings->count; i++)
		vector[i] = strings->items[i];
	vector[strings->count] = NULL;
	return vector;
}

static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

static int spawn(char **argv, char **envp, int null_fd, int log_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	assert(argv[0] != NULL);
	set_attributes(&attributes);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, null_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, log_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, log_fd, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static enum engine_fault fault_of(int error)
{
	static const int no_program[] = {ENOENT, EACCES, ENOEXEC, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, ELIBBAD};

	for (size_t i = 0; i < sizeof(no_program) / sizeof(no_program[0]); i++)
		if (error == no_program[i])
			return ENGINE_NO_IMAGE;
	return ENGINE_REFUSED;
}

/* pid 0: this one. */
static void limit_memory(pid_t pid, int memory_mb)
{
	struct rlimit limit = {(rlim_t)memory_mb * MIB, (rlim_t)memory_mb * MIB};

	if (memory_mb > 0 && prlimit(pid, RLIMIT_AS, &limit, NULL) == -1)
		log_warn("event=limit-not-applied key=memory_mb pid=%d error=%s", (int)pid, log_quote(strerror(errno)));
}

/* Where execvp(3) would find it. Returns 0 or an errno. */
static int find_program(const char *word, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");
	int error = ENOENT;

	assert(word != NULL);
	if (strchr(word, '/') != NULL) {
		snprintf(path, PATH_MAX, "%s", word);
		return access(path, X_OK) == 0 ? 0 : errno;
	}
	for (const char *dir = dirs != NULL ? dirs : "/bin:/usr/bin"; dir != NULL; dir = strchr(dir, ':')) {
		dir += *dir == ':';
		snprintf(path, PATH_MAX, "%.*s/%s", (int)strcspn(dir, ":"), dir, word);
		if (access(path, X_OK) == 0)
			return 0;
		if (errno == EACCES)
			error = errno;
	}
	return error;
}

/* Moves what the dynamic linker reads from envp to the end of words; how many. That is meant for the program, not for us. */
static size_t take_linkers(char **envp, char **words)
{
	size_t kept = 0, taken = 0;

	for (size_t i = 0; envp[i] != NULL; i++) {
		if (strncmp(envp[i], "LD_", 3) == 0)
			words[taken++] = envp[i];
		else
			envp[kept++] = envp[i];
	}
	envp[kept] = NULL;
	return taken;
}

/* This program becomes the one that is wanted once it is in its group. */
static int spawn_into(const char *cgroup_procs, const struct process_record *record, char **command, char **envp,
                      int null_fd, int log_fd, pid_t *pid)
{
	char self[] = "/proc/self/exe", enter[] = PROCESS_ENTER;
	char procs[PROCESS_CGROUP_PATH_SIZE], memory_mb[16], variables[24], path[PATH_MAX];
	char **argv = mem_array(NULL, record->command.count + record->env.count + 7, sizeof(argv[0]));
	int error = find_program(command[0], path);
	size_t linkers = take_linkers(envp, argv + 5);

	snprintf(procs, sizeof(procs), "%s", cgroup_procs);
	snprintf(memory_mb, sizeof(memory_mb), "%d", record->memory_mb);
	snprintf(variables, sizeof(variables), "%zu", linkers);
	argv[0] = self;
	argv[1] = enter;
	argv[2] = procs;
	argv[3] = memory_mb;
	argv[4] = variables;
	argv[5 + linkers] = path;
	memcpy(argv + 6 + linkers, command, (record->command.count + 1) * sizeof(argv[0]));
	if (error == 0)
		error = spawn(argv, envp, null_fd, log_fd, pid);
	free(argv);
	return error;
}

enum engine_fault process_spawn(const struct process_record *record, const char *cgroup_procs, int log_fd, pid_t *pid,
                                struct err *err)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	char **argv;
	char **envp;
	int error;

	if (null_fd == -1) {
		err_set_errno(err, errno, "cannot open /dev/null");
		return ENGINE_REFUSED;
	}
	argv = to_vector(&record->command);
	envp = to_vector(&record->env);
	if (cgroup_procs != NULL)
		error = spawn_into(cgroup_procs, record, argv, envp, null_fd, log_fd, pid);
	else
		error = spawn(argv, envp, null_fd, log_fd, pid);
	free(argv);
	free(envp);
	close(null_fd);
	if (error == 0) {
		if (cgroup_procs == NULL)
			limit_memory(*pid, record->memory_mb);
		return ENGINE_OK;
	}
	err_set(err, "cannot run %s: %s%s%s", record->command.items[0], strerror(error),
	        fault_of(error) == ENGINE_NO_IMAGE ? ": see `command` of service " : "",
	        fault_of(error) == ENGINE_NO_IMAGE ? record->container.service : "");
	return fault_of(error);
}

int process_enter(char **words)
{
	long count = 0, variables;
	struct err err;

	while (words[count] != NULL)
		count++;
	variables = count > 2 ? strtol(words[2], NULL, 10) : -1;
	if (variables < 0 || count < 3 + variables + 2)
		return 126;
	if (!process_cgroup_join(words[0], &err))
		log_warn("event=limit-not-applied key=cpus error=%s", log_quote(err.message));
	for (long i = 3; i < 3 + variables; i++) {
		assert(words[i] != NULL);
		putenv(words[i]);
	}
	limit_memory(0, (int)strtol(words[1], NULL, 10)); /* last, for it is ours, too */
	words += 3 + variables;
	assert(words[0] != NULL);
	execv(words[0], words + 1);
	fprintf(stderr, "cannot run %s: %s\n", words[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

bool process_port_taken(int port)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1; /* connections of those before that have not faded yet do not matter */
	bool taken;

	if (fd == -1)
		return false; /* the process itself will see */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	taken = bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 && errno == EADDRINUSE;
	close(fd);
	return taken;
}
