/* command: what a service does instead of serving when it is given arguments: --check, --backup, --export, --import, --help, --version. */
#pragma once

struct service_kind;

/* Returns the exit code: 0 done, 1 it failed or found something wrong, 2 wrong usage. */
int command_run(const struct service_kind *kind, int argc, char **argv);
