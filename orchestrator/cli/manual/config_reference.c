/* config_reference: docs/configuration.md, from the tables of options. */
#include "orchestrator/config/config.h"
#include "orchestrator/config/config_tables.h"
#include "orchestrator/cli/manual/manual.h"

void manual_config_reference(FILE *to)
{
	fputs("# Configuration\n\n"
	      "All keys of the file that `orchestrator -c FILE` reads: one JSON object, in which C and C++ comments are "
	      "allowed. Every\n"
	      "key but a service's `name` has a default; unknown keys are refused, with line and column. `--check` only "
	      "checks,\n"
	      "`--print-config` prints all keys with the values that hold. `man orchestrator.json` says the same as this "
	      "page.\n\n"
	      "**reload**: yes = `kill -HUP` (or `systemctl reload`) applies a change while the orchestrator runs; a file "
	      "that is\n"
	      "wrong anywhere, or changes a key that needs a restart, is refused whole, and the log says why.\n\n## Keys\n\n",
	      to);
	options_document(config_options, to);
	fputs("\n## Without a file\n\n"
	      "`orchestrator` alone serves the application that comes with it, as if it had read this:\n\n```json\n",
	      to);
	fputs(config_default, to);
	fputs("```\n", to);
}
