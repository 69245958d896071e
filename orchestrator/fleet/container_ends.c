/* container_ends: who ended a container?
 *
 * Somebody else did, if they had the engine send it a signal a while before, if it was killed or told to end and not by us,
 * and not for want of memory. Then no request that was on it is to blame, and it is no sign of a crash loop; it is a fault
 * all the same.
 */
#include "orchestrator/fleet/container_ends.h"

#include "common/clock.h"

#include <signal.h>

#define EXIT_KILLED 137     /* 128 + SIGKILL */
#define EXIT_TERMINATED 143 /* 128 + SIGTERM */
#define OOM_US 10000000     /* one of its processes was killed so long ago: the container outlived that */
#define SIGNAL_US 60000000  /* what a program may take to end in good order (docker stop -t) */

int container_signal(const struct container *container)
{
	if (container->signalled_us == 0 || clock_us() - container->signalled_us > SIGNAL_US)
		return 0;
	return container->signal;
}

/* By others, or it will have been once it has ended. */
static bool is_killed(const struct container *container)
{
	return container->by_hand || container_signal(container) != 0;
}

/* Somebody's signal, or a SIGKILL that was not the kernel's for want of memory and not ours. The fault may be known already,
 * for the connection broke first; one that was ill before is not excused by what came then. */
static void note_kill(struct container *container)
{
	bool killed = container->exit_code == EXIT_KILLED && !container->by_us;

	if ((!killed && container_signal(container) == 0) || container->oom || container->by_hand)
		return;
	container->by_hand = true;
	container->excused = container->reason == REASON_PROBE_RESET || container->reason == REASON_PROBE_REFUSED ||
	                     container->reason == REASON_EXITED;
}

void container_note_exit(struct container *container, int exit_code)
{
	bool news = container->exit_code == -1;

	container->exit_code = exit_code;
	if (news && container->oom_us != 0 && clock_us() - container->oom_us > OOM_US)
		container->oom = false;
	note_kill(container);
}

bool container_ended_by_hand(const struct container *container)
{
	return container->by_hand || (container->exit_code == EXIT_TERMINATED && !container->by_us);
}

/* What programs are told to end with (httpd: WINCH). Others, to read a file again, say, are no excuse for a crash that
 * follows. */
static bool ends_programs(int signal)
{
	return signal == SIGTERM || signal == SIGKILL || signal == SIGINT || signal == SIGQUIT || signal == SIGWINCH ||
	       signal >= SIGRTMIN;
}

void container_note_signal(struct container *container, int signal)
{
	if (container->stop_called || !ends_programs(signal))
		return;
	container->signal = signal;
	container->signalled_us = clock_us();
}

bool container_crashed(const struct container *container, enum reason reason)
{
	return !is_killed(container) && reason != REASON_VANISHED && reason != REASON_PAUSED;
}

void container_explain(const struct container *container, char words[WORDS_SIZE])
{
	const char *finding = container->backend != NULL ? backend_finding(container->backend) : "";

	if (finding[0] != '\0')
		words_write(words, "%s", finding);
	else if (container->gone)
		words_write(words, "its container was removed by somebody else");
	else if (container->oom)
		words_write(words, "it was killed for want of memory: does it need a larger memory_mb?");
	else if (container->exit_code >= 0)
		words_write(words, "it exited with code %d", container->exit_code);
	else
		words[0] = '\0';
}

enum reason container_end_reason(const struct container *container)
{
	if (container->backend != NULL && backend_state(container->backend) == BACKEND_DOWN)
		return backend_reason(container->backend);
	if (container->gone)
		return REASON_VANISHED;
	return container->oom ? REASON_OOM_KILLED : REASON_EXITED;
}
