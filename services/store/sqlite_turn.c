/* sqlite_turn: two locks on bytes of one file: who has THE TURN, and who is FIRST in line for it. The turn is asked for
 * only by the one who is first, so a process that releases it and wants it again finds somebody before it:
 *
 *   take:  lock FIRST -> lock TURN -> unlock FIRST        release:  unlock TURN
 *
 * The locks are the kernel's (open file description locks), which end with their process, however it ends. Waiting is on
 * a futex, as locks know no deadline: each lock has a number in the file's shared memory that changes at each unlock.
 * Nobody wakes anybody when a holder is killed, therefore nobody sleeps longer than LOOK_AGAIN_MS at a time.
 */
#include "services/store/sqlite_turn.h"

#include "common/clock.h"
#include "common/mem.h"
#include "services/store/shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 20

enum { FIRST, TURN, LOCKS };

struct sqlite_turn {
	int fd;
	_Atomic uint32_t *unlocks; /* LOCKS of them, in the file */
	bool ours;
};

bool sqlite_turn_open(const char *path, struct sqlite_turn **turn, struct err *err)
{
	int fd;
	void *memory;

	if (!shared_file_open(path, LOCKS * sizeof(uint32_t), &fd, &memory, err))
		return false;
	*turn = mem_zero(sizeof(**turn));
	**turn = (struct sqlite_turn){.fd = fd, .unlocks = memory};
	return true;
}

void sqlite_turn_close(struct sqlite_turn *turn)
{
	if (turn == NULL)
		return;
	sqlite_turn_release(turn);
	munmap((void *)turn->unlocks, LOCKS * sizeof(uint32_t));
	close(turn->fd);
	free(turn);
}

static bool set_lock(struct sqlite_turn *turn, int which, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = which, .l_len = 1};

	return fcntl(turn->fd, F_OFD_SETLK, &lock) != -1;
}

/* Until somebody unlocks, or it is time to look again. */
static void wait_for_unlock(struct sqlite_turn *turn, int which, uint32_t seen, int64_t left_us)
{
	int64_t us = left_us < LOOK_AGAIN_MS * 1000 ? left_us : LOOK_AGAIN_MS * 1000;
	struct timespec most = {.tv_nsec = us * 1000};

	syscall(SYS_futex, (uint32_t *)&turn->unlocks[which], FUTEX_WAIT, seen, &most, NULL, 0);
}

static bool lock(struct sqlite_turn *turn, int which, int64_t until_us, struct err *err)
{
	for (;;) {
		uint32_t seen = atomic_load(&turn->unlocks[which]);
		if (set_lock(turn, which, F_WRLCK))
			return true;
		if (errno != EAGAIN && errno != EACCES)
			return err_set_code(err, SQLITE_IOERR_LOCK, "the lock of those who write: errno %d", errno);
		int64_t left_us = until_us - clock_us();
		if (left_us <= 0)
			return err_set_code(err, SQLITE_BUSY, "another process has been writing all the time");
		wait_for_unlock(turn, which, seen, left_us);
	}
}

static void unlock(struct sqlite_turn *turn, int which)
{
	set_lock(turn, which, F_UNLCK);
	atomic_fetch_add(&turn->unlocks[which], 1);
	syscall(SYS_futex, (uint32_t *)&turn->unlocks[which], FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool sqlite_turn_take(struct sqlite_turn *turn, int64_t until_us, struct err *err)
{
	if (!lock(turn, FIRST, until_us, err))
		return false;
	turn->ours = lock(turn, TURN, until_us, err);
	unlock(turn, FIRST);
	return turn->ours;
}

void sqlite_turn_release(struct sqlite_turn *turn)
{
	if (turn == NULL || !turn->ours)
		return;
	turn->ours = false;
	unlock(turn, TURN);
}
