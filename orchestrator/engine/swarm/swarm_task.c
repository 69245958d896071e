/* swarm_task: see the header. */
#include "orchestrator/engine/swarm/swarm_task.h"

#include <string.h>

/* "2026-01-02T03:04:05.1Z" was before "...05.12Z": a fraction may end early, and nanoseconds have nine digits at most. */
static int compare_times(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char x = *a == 'Z' ? '0' : *a, y = *b == 'Z' ? '0' : *b;

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (*a != '\0') - (*b != '\0');
}

bool swarm_task_says_more(const struct swarm_task *task, const struct swarm_task *other)
{
	static const int rank[] = {[SWARM_WAITING] = 0, [SWARM_LOST] = 1, [SWARM_ENDED] = 1, [SWARM_RUNNING] = 2};
	int mine = rank[task->phase] - (task->phase == SWARM_RUNNING && !task->wanted);
	int others = rank[other->phase] - (other->phase == SWARM_RUNNING && !other->wanted);

	return mine != others ? mine > others : compare_times(task->created, other->created) > 0;
}

const char *swarm_remedy_for(const char *words)
{
	static const char *const rows[][2] = {
	        {"no such image",
	         "a node has not got it: load it on each (`docker save IMAGE | ssh NODE docker load`), so that its "
	         "id is the same everywhere"},
	        {SWARM_NO_NODE, "`docker node ls` shows which nodes are up, active, and of the swarm"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcasestr(words, rows[i][0]) != NULL)
			return rows[i][1];
	return "";
}
