/* patience: one budget a process, so that many things that are taken do not each cost a second. */
#include "common/patience.h"

#include <time.h>

#define STEP_MS 10
#define STEPS 100

bool patience_wait(void)
{
	static int steps_left = STEPS;

	if (steps_left == 0)
		return false;
	steps_left--;
	nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
	return true;
}
