/* start_wait: a hundred short sleeps. */
#include "common/start_wait.h"

#include <time.h>

#define STEP_MS 10
#define STEPS 100

bool start_wait(unsigned *tries)
{
	if (*tries >= STEPS)
		return false;
	(*tries)++;
	nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
	return true;
}
