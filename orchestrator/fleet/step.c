/* step: a timer, and how often it may look before the loop gets its turn. */
#include "orchestrator/fleet/step.h"

#include "common/mem.h"
#include "orchestrator/base/timer.h"

#include <stdlib.h>

#define LOOKS_MAX 8

struct step {
	struct step_settings settings;
	struct timer *timer;
	int64_t by_us; /* collected by a look */
	bool looking;
	bool again;
};

static void set_next(struct step *step)
{
	if (step->again)
		timer_set(step->timer, 1); /* not 0: sockets first */
	else if (step->by_us != NEVER)
		timer_set_at(step->timer, step->by_us);
	else
		timer_clear(step->timer);
}

static void on_due(void *arg)
{
	struct step *step = arg;
	int looks = 0;

	step->looking = true;
	do {
		step->again = false;
		step->by_us = NEVER;
		step->settings.look(step->settings.arg);
	} while (step->again && ++looks < LOOKS_MAX);
	step->looking = false;
	set_next(step);
	if (step->settings.over != NULL)
		step->settings.over(!step->again, step->settings.arg);
}

struct step *step_new(const struct step_settings *settings)
{
	struct step *step = mem_zero(sizeof(*step));

	step->settings = *settings;
	step->timer = timer_new(settings->base, on_due, step);
	return step;
}

void step_free(struct step *step)
{
	if (step == NULL)
		return;
	timer_free(step->timer);
	free(step);
}

void step_soon(struct step *step)
{
	if (step->looking)
		step->again = true;
	else
		timer_set(step->timer, 0);
}

void step_by(struct step *step, int64_t at_us)
{
	if (at_us < step->by_us)
		step->by_us = at_us;
}
