/* cli: a table: action -> what does it.
 *
 * What goes to standard output is flushed here, once: a full disk is an error, not a success.
 */
#include "orchestrator/cli/cli.h"

#include "common/err.h"
#include "orchestrator/admin/admin.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/exit_code.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/cli/manual/complete.h"
#include "orchestrator/cli/manual/manual.h"
#include "orchestrator/cli/simulate/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- those that need the configuration ------------------------------------------------------------------------- */

static int simulation(const struct command *command, const struct config *config)
{
	struct simulate_settings settings = {.config = config,
	                                     .trace_path = command->trace_path,
	                                     .service = command->service,
	                                     .chart_path = command->chart_path,
	                                     .json = command->json,
	                                     .start_ms = command->start_ms};
	struct err err;

	if (simulate(&settings, &err))
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", err.message);
	return EXIT_FAILURE;
}

static int with_config(const struct command *command)
{
	struct config *config;
	struct err err;
	int code = EXIT_SUCCESS;

	if (!config_load(command->config_path, &config, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return CODE_USAGE;
	}
	if (command->action == COMMAND_PRINT_CONFIG)
		config_print(config, stdout);
	else if (command->action == COMMAND_CHECK)
		printf("%s: good\n", command->config_path != NULL ? command->config_path : "(built-in configuration)");
	else
		code = simulation(command, config);
	config_free(config);
	return code;
}

/* --- those that speak to the one that runs --------------------------------------------------------------------- */

static struct client_settings client_settings(const struct command *command)
{
	return (struct client_settings){.config_path = command->config_path,
	                                .admin = command->admin,
	                                .token_file = command->token_file,
	                                .json = command->json,
	                                .watch = command->watch};
}

static int order(const struct command *command)
{
	struct client_settings settings = client_settings(command);

	switch (command->action) {
	case COMMAND_STATUS:
		return client_status(&settings);
	case COMMAND_SCALE:
		return client_scale(&settings, command->words[0], command->words[1]);
	case COMMAND_REPLACE:
		return client_replace(&settings, command->words[0], command->words[1]);
	case COMMAND_ROLL:
		return client_roll(&settings, command->words[0]);
	case COMMAND_RELOAD:
		return client_reload(&settings);
	default:
		return client_drain(&settings);
	}
}

/* --- those that print what the tables say ---------------------------------------------------------------------- */

static int print_manual(const struct command *command)
{
	switch (command->action) {
	case COMMAND_HELP:
		manual_help(command->verb, stdout);
		break;
	case COMMAND_VERSION:
		puts("orchestrator " SELFLESS_VERSION);
		break;
	case COMMAND_DOCUMENT:
		manual_config_reference(stdout);
		break;
	case COMMAND_DOCUMENT_ADMIN:
		admin_document(stdout);
		break;
	case COMMAND_DOCUMENT_METRICS:
		admin_document_metrics(stdout);
		break;
	case COMMAND_MAN:
		(command->words[0] != NULL && strcmp(command->words[0], "config") == 0 ? manual_config_page
		                                                                       : manual_command_page)(stdout);
		break;
	default:
		(strcmp(command->words[0], "zsh") == 0 ? manual_zsh_completion : manual_bash_completion)(stdout);
	}
	return EXIT_SUCCESS;
}

static void on_name(const char *name, void *arg)
{
	complete_candidate(arg, name, NULL, stdout);
}

static int complete(int count, char **words)
{
	struct completion completion = complete_read(count, words);
	struct client_settings settings = client_settings(&completion.access);

	if (complete_print(&completion, stdout))
		return EXIT_SUCCESS;
	if (completion.kind == COMMAND_SERVICE)
		client_names(&settings, NULL, on_name, &completion);
	else if (completion.kind == COMMAND_SLOT && completion.service != NULL)
		client_names(&settings, completion.service, on_name, &completion);
	return EXIT_SUCCESS;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static int do_action(const struct command *command, int argc, char **argv)
{
	switch (command->action) {
	case COMMAND_CHECK:
	case COMMAND_PRINT_CONFIG:
	case COMMAND_SIMULATE:
		return with_config(command);
	case COMMAND_STATUS:
	case COMMAND_SCALE:
	case COMMAND_REPLACE:
	case COMMAND_ROLL:
	case COMMAND_RELOAD:
	case COMMAND_DRAIN:
		return order(command);
	case COMMAND_COMPLETE:
		return complete(argc - 2, argv + 2); /* behind --complete */
	case COMMAND_BAD_USAGE:
		return CODE_USAGE;
	default:
		return print_manual(command);
	}
}

int cli_run(const struct command *command, int argc, char **argv)
{
	int code = do_action(command, argc, argv);

	if (fflush(stdout) != EOF && !ferror(stdout))
		return code;
	perror("orchestrator: standard output");
	return EXIT_FAILURE;
}
