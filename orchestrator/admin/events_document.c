/* events_document: what each event of the stream is, for docs/admin.md. */
#include "orchestrator/admin/events.h"

static const struct {
	const char *name, *help;
} documented[] = {
        {"fleet", "First, and after a reload: what `/api/fleet` gives."},
        {"story",
         "`lines` of the log, as objects of their keys: those kept so far (`whole`: true), then new ones. Lines of "
         "one `incident` are one story. `number` counts them, whatever the clock does; an orchestrator that was started anew has "
         "another `run`, and counts from 1 on."},
        {"curves",
         "What `/api/curves` gives (`whole`: true), then after each step that step alone; left out for a client that is "
         "behind."},
        {"lately", "`lately` as `/api/fleet` has it, when something went wrong, or is well again."},
        {"service", "A service as `/api/fleet` has it, when anything but its counters has changed."},
        {"backend", "A container changed its state: `from`, `state`, `reason`, `incident`."},
        {"scale", "The wanted number changed: `from`, `wanted`, and the `window`."},
        {"engine",
         "The container engine answers again, or no more, or another orchestrator leads: `up`, and `engine` as `/api/fleet` has it."},
        {"numbers",
         "Once a second: the counters of services and slots, and `troubles`. Left out for a client that is behind."},
};

void events_document(FILE *to)
{
	fputs("| Event | Data |\n|---|---|\n", to);
	for (size_t i = 0; i < sizeof(documented) / sizeof(*documented); i++)
		fprintf(to, "| `%s` | %s |\n", documented[i].name, documented[i].help);
}
