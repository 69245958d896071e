/* process_child: a running process through its pidfd.
 *
 *   process_watch -> (its end makes the pidfd readable) -> on_end -> exit code -> EXITED -> DIE -> hunt -> those who wait
 *
 * Invariant: a signal never goes to anybody but the process of the record and its group. A pidfd names one process for
 * ever; the number of a group is used only while that process is known not to be reaped. Who is left of the group then
 * is found by the id in its environment.
 */
#include "orchestrator/engine/process/process.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TO_GROUP 4u /* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

void process_signal(struct process *process, int number)
{
	assert(process->pidfd != -1);
	if (pidfd_send_signal(process->pidfd, number, NULL, TO_GROUP) != -1 || errno != EINVAL)
		return;
	if (process->child || pidfd_send_signal(process->pidfd, 0, NULL, 0) != -1)
		(void)kill(-process->record.pid, number); /* else init was quicker, and the hunt finds who is left */
}

/* -1 if that is not for us to know. */
static int exit_code(const struct process *process)
{
	siginfo_t info = {0};

	if (waitid((idtype_t)P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG) == -1 || info.si_pid == 0)
		return -1;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct process *process = arg;
	struct process_record *record = &process->record;

	(void)fd;
	(void)what;
	process_signal(process, SIGKILL); /* children of its own that it left behind; before its pid is free again */
	record->exit_code = exit_code(process);
	record->container.state = ENGINE_EXITED;
	record->paused = false;
	process_unwatch(process);
	process_cgroup_remove(&process->owner->cgroup, record->container.id);
	process_save_or_say(process);
	process_news_event(process->owner->news, ENGINE_EVENT_DIE, record->container.id, record->exit_code);
	process->owner->on_ended(process->owner->hunt, process);
}

static bool is_child(int pidfd)
{
	siginfo_t info;

	return waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) != -1;
}

/* pidfd_open(2): the number may be free, or a thread's (EINVAL, of late ENOENT), or that of a group whose leader has ended. */
static bool is_no_process(int error)
{
	return error == ESRCH || error == EINVAL || error == ENOENT;
}

static bool is_the_same(const struct process_record *record)
{
	struct process_stat stat;

	return process_stat(record->pid, &stat) && stat.start_ticks == record->start_ticks;
}

bool process_watch(struct process *process, struct err *err)
{
	const struct process_record *record = &process->record;
	int pidfd;

	assert(process->pidfd == -1);
	if (strcmp(record->boot, process->owner->boot) != 0)
		return err_set_code(err, ESRCH, "process %d was before the system was booted", (int)record->pid);
	pidfd = pidfd_open(record->pid, 0);
	if (pidfd == -1 && is_no_process(errno))
		return err_set_code(err, ESRCH, "there is no process %d", (int)record->pid);
	if (pidfd == -1)
		return err_set_errno(err, errno, "cannot watch process %d", (int)record->pid);
	if (!is_the_same(record)) {
		close(pidfd);
		return err_set_code(err, ESRCH, "process %d is another one now", (int)record->pid);
	}
	process->pidfd = pidfd;
	process->child = is_child(pidfd);
	process->on_end = loop_event_new(process->owner->base, LOOP_URGENT, pidfd, EV_READ, on_end, process);
	event_add(process->on_end, NULL);
	return true;
}

void process_unwatch(struct process *process)
{
	if (process->pidfd == -1)
		return;
	event_free(process->on_end);
	process->on_end = NULL;
	close(process->pidfd);
	process->pidfd = -1;
}
