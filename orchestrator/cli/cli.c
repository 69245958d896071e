/* cli: a table: action -> what does it.
 *
 * What goes to standard output is flushed here, once: a full disk is an error, not a success.
 */
#include "orchestrator/cli/cli.h"

#include "common/err.h"
#include "orchestrator/admin/admin.h"
#include "orchestrator/certs/certificates.h"
#include "orchestrator/certs/coverage.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/exit_code.h"
#include "orchestrator/cli/init/init.h"
#include "orchestrator/config/config_doubts.h"
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

static void on_doubt(const char *doubt, void *arg)
{
	fprintf(stderr, "%s: warning: %s\n", (const char *)arg, doubt);
}

static int check(const struct command *command, const struct config *config)
{
	const char *file = command->config_path != NULL ? command->config_path : "(built-in configuration)";
	struct certificates certificates;
	struct err err;

	if (!certificates_read(config, NULL, &certificates, &err)) {
		fprintf(stderr, "%s: %s\n", file, err.message);
		return CODE_USAGE;
	}
	config_doubts(config, on_doubt, (void *)file);
	certificates_doubts(&certificates, NULL, on_doubt, (void *)file);
	coverage_doubts(config, &certificates, on_doubt, (void *)file);
	certificates_clear(&certificates);
	printf("%s: good\n", file);
	return EXIT_SUCCESS;
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
		code = check(command, config);
	else
		code = simulation(command, config);
	config_free(config);
	return code;
}

/* --- those that have an image ---------------------------------------------------------------------------------- */

static struct init_settings init_settings(const struct command *command, const char *image)
{
	return (struct init_settings){.image = image,
	                              .name = command->name,
	                              .listen = command->listen,
	                              .port = (int)command->port,
	                              .health = command->health,
	                              .env = command->env.items,
	                              .env_count = command->env.count};
}

static int init(const struct command *command)
{
	struct init_settings settings = init_settings(command, command->words[0]);

	return init_print(&settings, command->output);
}

bool cli_config(const struct command *command, struct config **config, int *code)
{
	struct init_settings settings = init_settings(command, command->image);
	struct err err;
	bool ok;

	*code = CODE_USAGE;
	if (command->image != NULL)
		ok = init_config(&settings, config, code, &err);
	else
		ok = config_load(command->config_path, config, &err);
	if (!ok)
		fprintf(stderr, "%s%s\n", command->image != NULL ? "orchestrator: " : "", err.message);
	return ok;
}

/* --- those that speak to the one that runs --------------------------------------------------------------------- */

static struct client_settings client_settings(const struct command *command)
{
	return (struct client_settings){.config_path = command->config_path,
	                                .admin = command->admin,
	                                .token_file = command->token_file,
	                                .json = command->json,
	                                .watch = command->watch,
	                                .lately = command->lately,
	                                .follow = command->follow};
}

static int order(const struct command *command)
{
	struct client_settings settings = client_settings(command);

	switch (command->action) {
	case COMMAND_STATUS:
		return client_status(&settings);
	case COMMAND_EVENTS:
		return client_events(&settings);
	case COMMAND_SCALE:
		return client_scale(&settings, command->words[0], command->words[1]);
	case COMMAND_REPLACE:
		return client_replace(&settings, command->words[0], command->words[1]);
	case COMMAND_ROLL:
		return client_roll(&settings, command->words[0]);
	case COMMAND_RELOAD:
		return client_reload(&settings);
	case COMMAND_CERTIFICATES:
		return client_certificates(&settings);
	case COMMAND_RENEW:
		return client_renew(&settings, command->words[0]);
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
	case COMMAND_INIT:
		return init(command);
	case COMMAND_STATUS:
	case COMMAND_EVENTS:
	case COMMAND_SCALE:
	case COMMAND_REPLACE:
	case COMMAND_ROLL:
	case COMMAND_RELOAD:
	case COMMAND_DRAIN:
	case COMMAND_CERTIFICATES:
	case COMMAND_RENEW:
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
