/* spares_bench: see the header. */
#include "tests/unit/orchestrator/fleet/spares_bench.h"

#include <stdio.h>
#include <string.h>

char waiting[] = "spare";
char ready[] = "ready";

void begin_with(int spares)
{
	bench.service.scale.spares = spares;
	begin();
	wait_settled();
}

void slow_engine(void)
{
	bench.engine->delay_us[FAKE_START] = SLOW_START_US;
}

struct supervisor_spare spare_view(size_t index)
{
	struct supervisor_spare view;

	supervisor_spare_at(supervisor, index, &view);
	return view;
}

struct fake_container *spare(int index)
{
	char name[ENGINE_NAME_SIZE];

	snprintf(name, sizeof(name), "acts_spare_%d", index);
	return fake_by_name(bench.engine, name);
}

bool spare_is(void *state)
{
	return supervisor_spare_count(supervisor) > 0 && strcmp(spare_view(0).state, state) == 0;
}

void wait_spare(char *state)
{
	ck_assert_msg(bench_until(&bench, spare_is, state, 2000), "spare is %s, not %s", spare_view(0).state, state);
}
