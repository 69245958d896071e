/* access_log: a ring with one writer (the loop) and one reader (the thread).
 *
 * head is only moved by the loop, tail only by the thread; both count bytes and never wrap in practice (64 bits).
 * The thread sleeps in poll() on an eventfd: without end while the ring is empty (then `idle` is set and the loop wakes
 * it), else for FLUSH_MS, so that lines are written in batches. A batch that cannot be written is given up as a whole, from
 * the byte on that did not go: the next one is tried anew, and begins on a line of its own.
 */
#include "orchestrator/proxy/access_log.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/thread.h"
#include "orchestrator/proxy/log_target.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES (1u << 20)
#define RING_URGENT (RING_BYTES / 4)
#define LINE_MAX_BYTES 32768
#define FLUSH_MS 100
#define WARN_EVERY_US 60000000 /* a disk that is full now and then is not told each time */

struct access_log {
	struct log_target *target;         /* the thread's, after open */
	_Atomic(struct log_target *) next; /* the loop's word to the thread; NULL: go on */
	int wake_fd;
	pthread_t thread;
	_Atomic uint64_t head; /* bytes ever put in */
	_Atomic uint64_t tail; /* bytes ever taken out */
	atomic_bool idle;
	atomic_bool reopen;
	atomic_bool closing;
	uint64_t dropped;      /* the loop's */
	_Atomic uint64_t lost; /* lines that could not be written: the thread's */
	atomic_int problem;    /* errno of the last batch: the thread's to write */
	bool failing;          /* the thread's: the last batch could not be written, */
	uint64_t lost_before;  /* and so many were lost before that began */
	int64_t warned_us;     /* 0: never */
	bool told;             /* of this failing */
	struct buf line;
	time_t second; /* of stamp */
	char stamp[24];
	char ring[RING_BYTES];
};

/* --- the thread ------------------------------------------------------------------------------------------------ */

static uint64_t count_lines(const struct access_log *log, uint64_t from, uint64_t end)
{
	uint64_t lines = 0;

	for (; from < end; from++)
		lines += log->ring[from % RING_BYTES] == '\n';
	return lines;
}

/* These are not written. problem: an errno. */
static void lose(struct access_log *log, uint64_t from, uint64_t end, int problem)
{
	uint64_t lines = count_lines(log, from, end), before = atomic_load(&log->lost);

	if (!log->failing)
		log->lost_before = before;
	log->failing = true;
	atomic_store(&log->problem, problem);
	atomic_store(&log->lost, before + lines);
	if (log->told || (log->warned_us != 0 && clock_us() - log->warned_us < WARN_EVERY_US))
		return;
	log->told = true;
	log->warned_us = clock_us();
	log_warn(
	        "event=access-log-failed path=%s error=%s consequence=\"lines are dropped and counted until it can be written\"",
	        log_quote(log->target->path), log_quote(strerrordesc_np(problem)));
}

static void recover(struct access_log *log)
{
	if (!log->failing)
		return;
	log->failing = false;
	atomic_store(&log->problem, 0);
	if (log->told)
		log_info("event=access-log-written path=%s dropped=%llu", log_quote(log->target->path),
		         (unsigned long long)(atomic_load(&log->lost) - log->lost_before));
	log->told = false;
}

/* The ring from `from` on, up to where it or `end` ends; returns how far it came. */
static uint64_t write_stretch(struct access_log *log, uint64_t from, uint64_t end)
{
	size_t at = from % RING_BYTES, len = (size_t)(end - from);

	if (len > RING_BYTES - at)
		len = RING_BYTES - at;
	size_t put = log_target_write(log->target, log->ring + at, len);
	if (put > 0)
		log->target->torn = log->ring[at + put - 1] != '\n';
	return from + put;
}

/* How far it came; short of end: errno says why. The batch before may have left half a line. */
static uint64_t write_batch(struct access_log *log, uint64_t from, uint64_t end)
{
	struct log_target *target = log->target;

	if (!log_target_regain_name(target))
		return from;
	if (target->torn && log_target_write(target, "\n", 1) != 1)
		return from;
	while (from < end) {
		uint64_t reached = write_stretch(log, from, end);
		if (reached == from)
			break;
		from = reached;
	}
	return from;
}

/* Up to a place that the head has passed, behind a whole line. */
static void write_up_to(struct access_log *log, uint64_t end)
{
	uint64_t tail = atomic_load_explicit(&log->tail, memory_order_relaxed);

	if (tail >= end)
		return;
	if (log->target->path != NULL) {
		uint64_t reached = write_batch(log, tail, end);
		if (reached < end)
			lose(log, reached, end, errno);
		else
			recover(log);
	}
	atomic_store_explicit(&log->tail, end, memory_order_release);
}

static bool is_empty(struct access_log *log)
{
	return atomic_load(&log->head) == atomic_load(&log->tail);
}

static void wait_for_lines(struct access_log *log)
{
	struct pollfd wake = {.fd = log->wake_fd, .events = POLLIN};

	atomic_store(&log->idle, true);
	bool nothing = is_empty(log) && !atomic_load(&log->closing) && !atomic_load(&log->reopen) &&
	               atomic_load(&log->next) == NULL;
	if (nothing)
		poll(&wake, 1, -1);
	atomic_store(&log->idle, false);
	uint64_t count;
	if (read(log->wake_fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		return;
	if (!atomic_load(&log->closing))
		poll(&wake, 1, FLUSH_MS);
}

static void change_target(struct access_log *log)
{
	struct log_target *next = atomic_exchange(&log->next, NULL);

	if (next == NULL)
		return;
	write_up_to(log, next->from);
	log_target_free(log->target);
	log->target = next;
}

/* The head is read before the target: what comes behind it may be another target's. */
static void write_ring(struct access_log *log)
{
	uint64_t end = atomic_load_explicit(&log->head, memory_order_acquire);

	change_target(log);
	write_up_to(log, end);
}

static void *run_writer(void *arg)
{
	struct access_log *log = arg;

	while (!atomic_load(&log->closing)) {
		wait_for_lines(log);
		if (atomic_exchange(&log->reopen, false))
			log_target_reopen(log->target);
		write_ring(log);
	}
	write_ring(log);
	return NULL;
}

/* --- the loop's side ------------------------------------------------------------------------------------------- */

static void wake(struct access_log *log)
{
	uint64_t one = 1;

	if (write(log->wake_fd, &one, sizeof(one)) == -1)
		log_debug("event=access-log-wake-failed");
}

static void free_log(struct access_log *log)
{
	log_target_free(log->target);
	log_target_free(atomic_load(&log->next));
	if (log->wake_fd != -1)
		close(log->wake_fd);
	buf_clear(&log->line);
	free(log);
}

bool access_log_open(const char *path, struct access_log **result, struct err *err)
{
	struct access_log *log = mem_zero(sizeof(*log));

	buf_init(&log->line, LINE_MAX_BYTES);
	log->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	log->target = log_target_new(path, err);
	bool ok = log->target != NULL;
	if (ok && (log->wake_fd == -1 || !thread_start(&log->thread, run_writer, log)))
		ok = err_set_errno(err, errno, "access_log: cannot start its writer");
	if (!ok) {
		free_log(log);
		return false;
	}
	*result = log;
	return true;
}

static void send_target(struct access_log *log, struct log_target *target)
{
	target->from = atomic_load(&log->head);
	log_target_free(atomic_exchange(&log->next, target)); /* one that the thread has not come to is passed over */
	wake(log);
}

bool access_log_move(struct access_log *log, const char *path, struct err *err)
{
	struct log_target *target = log_target_new(path, err);

	if (target != NULL)
		send_target(log, target);
	return target != NULL;
}

void access_log_pause(struct access_log *log)
{
	struct log_target *nowhere = mem_zero(sizeof(*nowhere));

	nowhere->fd = -1;
	send_target(log, nowhere);
}

static uint64_t bytes_waiting(struct access_log *log)
{
	return atomic_load(&log->head) - atomic_load(&log->tail);
}

void access_log_close(struct access_log *log)
{
	if (log == NULL)
		return;
	atomic_store(&log->closing, true);
	wake(log);
	if (!thread_end(log->thread)) { /* nobody may be reading the pipe that it writes to */
		log_warn("event=access-log-stuck lost_bytes=%llu dropped=%llu", (unsigned long long)bytes_waiting(log),
		         (unsigned long long)access_log_dropped(log));
		mem_leave(log);
		return;
	}
	if (access_log_dropped(log) > 0)
		log_warn("event=access-lines-dropped count=%llu", (unsigned long long)access_log_dropped(log));
	free_log(log);
}

void access_log_reopen(struct access_log *log)
{
	if (log == NULL)
		return;
	atomic_store(&log->reopen, true);
	wake(log);
}

uint64_t access_log_dropped(const struct access_log *log)
{
	return log != NULL ? log->dropped + atomic_load_explicit(&log->lost, memory_order_relaxed) : 0;
}

int access_log_problem(const struct access_log *log)
{
	return log != NULL ? atomic_load_explicit(&log->problem, memory_order_relaxed) : 0;
}

static const char *time_text(struct access_log *log, char text[40])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != log->second) {
		struct tm parts;
		gmtime_r(&now.tv_sec, &parts);
		strftime(log->stamp, sizeof(log->stamp), "%Y-%m-%dT%H:%M:%S", &parts);
		log->second = now.tv_sec;
	}
	snprintf(text, 40, "%s.%03ldZ", log->stamp, now.tv_nsec / 1000000);
	return text;
}

static void put(struct access_log *log, const char *data, size_t len)
{
	uint64_t head = atomic_load_explicit(&log->head, memory_order_relaxed);
	size_t at = head % RING_BYTES, first = len < RING_BYTES - at ? len : RING_BYTES - at;

	memcpy(log->ring + at, data, first);
	memcpy(log->ring, data + first, len - first);
	atomic_store(&log->head, head + len);
}

void access_log_write(struct access_log *log, const struct access_line *line)
{
	uint64_t used = atomic_load(&log->head) - atomic_load(&log->tail);
	char time[40];

	if (!access_line_write(line, time_text(log, time), &log->line) || used + log->line.len > RING_BYTES) {
		log->dropped++;
		return;
	}
	put(log, log->line.data, log->line.len);
	bool urgent = used < RING_URGENT && used + log->line.len >= RING_URGENT;
	if (atomic_exchange(&log->idle, false) || urgent)
		wake(log);
}
