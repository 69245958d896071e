/* container_ends: who ended a container?
 *
 * Somebody else did, if they had the engine send it a signal a while before, if it was killed or told to end and not by us,
 * and not for want of memory. Then no request that was on it is to blame, and it is no sign of a crash loop; it is a fault
 * all the same.
 */
#include "orchestrator/fleet/container_ends.h"

#include "common/clock.h"
#include "common/log.h"
#include "orchestrator/base/excerpt.h"

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

/* An exit code that is not known yet is no other one. */
static bool was_deaf(const struct container *container)
{
	bool killed = container->exit_code == EXIT_KILLED || container->exit_code == -1;

	return container->term_ms > 0 && killed && !container->paused && !container->oom &&
	       container->ended_us - container->term_us >= container->term_ms * INT64_C(1000);
}

void container_note_stopped(const struct container *container)
{
	struct revision *revision = container->revision;

	if (revision == NULL || revision->deaf_logged || !was_deaf(container))
		return;
	revision->deaf_logged = true;
	log_warn(
	        "event=sigterm-unheeded service=%s slot=%d container=%.12s stop_ms=%d message=%s",
	        container->all->service->name, container->slot, container->id, container->term_ms,
	        log_quote(
	                "it had not ended stop_ms after SIGTERM, and was killed: so long each scale-down, roll and stop takes for "
	                "each container. A container's first process hears SIGTERM only if it has a handler for it: install "
	                "one, or let the program be the first process (ENTRYPOINT [\"/program\"], exec in a shell script), or "
	                "run it under an init such as tini; a smaller stop_ms costs less"));
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

/* In MB; 0: none is known. */
static int memory_limit(const struct container *container)
{
	return container->revision != NULL ? container->revision->spec.memory_mb : 0;
}

static void explain_memory(int limit_mb, char words[WORDS_SIZE])
{
	if (limit_mb > 0)
		excerpt_write(words, WORDS_SIZE,
		              "it was killed at its memory limit of %d MB: does it need a larger memory_mb?", limit_mb);
	else
		excerpt_write(words, WORDS_SIZE, "it was killed for want of memory: this host has too little");
}

void container_explain(const struct container *container, char words[WORDS_SIZE])
{
	const char *finding = container->backend != NULL ? backend_finding(container->backend) : "";

	if (finding[0] != '\0')
		excerpt_write(words, WORDS_SIZE, "%s", finding);
	else if (container->gone)
		excerpt_write(words, WORDS_SIZE, "its container was removed by somebody else");
	else if (container->oom)
		explain_memory(memory_limit(container), words);
	else if (container->exit_code >= 0)
		excerpt_write(words, WORDS_SIZE, "it exited with code %d", container->exit_code);
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

/* --- in one sentence ------------------------------------------------------------------------------------------- */

/* The engine tells of signals that it sent. Of another SIGKILL nobody knows whether it was the kernel's. */
static enum cause cause_of_kill(const struct container *container)
{
	if (container->signalled_us != 0 || container->exit_code != EXIT_KILLED)
		return CAUSE_KILLED;
	return memory_limit(container) > 0 ? CAUSE_KILLED_AT_LIMIT : CAUSE_KILLED_ON_HOST;
}

/* By itself, or by somebody's hand: not by ours. */
static enum cause cause_of_exit(const struct container *container)
{
	if (is_killed(container))
		return cause_of_kill(container);
	if (container->exit_code == 0)
		return CAUSE_EXITED_WELL;
	if (container->unheard)
		return CAUSE_EXITED_UNHEARD;
	if (!container->heard)
		return CAUSE_EXITED_NOW;
	return container->last_words[0] != '\0' ? CAUSE_EXITED : CAUSE_EXITED_MUTE;
}

/* A connection that breaks is often the first sign of an end. */
static bool is_of_an_end(enum reason reason)
{
	return reason == REASON_EXITED || reason == REASON_PROBE_RESET || reason == REASON_PROBE_REFUSED ||
	       reason == REASON_EXCHANGE_FAILED;
}

bool container_ended_itself(const struct container *container)
{
	return container->oom || (container->exit_code >= 0 && !container->by_us);
}

static enum cause cause_of_end(const struct container *container, enum reason reason)
{
	if (container->oom && (reason == REASON_OOM_KILLED || is_of_an_end(reason)))
		return memory_limit(container) > 0 ? CAUSE_OUT_OF_MEMORY : CAUSE_OUT_OF_HOST_MEMORY;
	if (is_of_an_end(reason) && container_ended_itself(container))
		return cause_of_exit(container);
	return cause_of_reason(reason);
}

void container_cause(const struct container *container, enum reason reason, char sentence[CAUSE_SIZE])
{
	enum cause cause = cause_of_end(container, reason);
	const char *finding = container->backend != NULL ? backend_finding(container->backend) : "";
	bool of_memory = cause == CAUSE_OUT_OF_MEMORY || cause == CAUSE_KILLED_AT_LIMIT;

	cause_write(sentence, cause,
	            &(struct cause_facts){.image = container_image(container),
	                                  .name = container->name,
	                                  .words = cause == CAUSE_EXITED ? container->last_words : finding,
	                                  .number = of_memory ? memory_limit(container) : container->exit_code});
}

void container_refusal(const struct container *container, const struct failure *failure, char sentence[CAUSE_SIZE])
{
	enum cause cause = cause_of_reason(failure->reason);

	if (cause == CAUSE_NO_IMAGE && container_image(container)[0] == '\0')
		cause = CAUSE_NO_PROGRAM;
	cause_write(sentence, cause,
	            &(struct cause_facts){.image = container_image(container),
	                                  .name = container->name,
	                                  .words = failure->message,
	                                  .number = container->host_port});
}
