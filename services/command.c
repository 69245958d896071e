/* command: one table: the commands, whether they take a file, what runs them. Results go to stdout, everything else to
 * stderr. */
#include "services/command.h"

#include "services/service.h"
#include "services/settings.h"
#include "services/store/store_backup.h"
#include "services/transfer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum file { FILE_NONE, FILE_OPTIONAL, FILE_NEEDED, FILE_OR_PIPE };

struct invocation {
	const struct service_kind *kind;
	const char *file; /* NULL: not given */
	bool force;
	const char *store; /* the url of what the command is about */
};

struct command {
	const char *name;
	enum file file;
	bool may_force;
	int (*run)(const struct invocation *invocation);
	const char *form, *help;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static bool on_progress(void *owner, const char *doing, int percent)
{
	const struct invocation *invocation = owner;

	if (percent < 0)
		fprintf(stderr, "%s: %s ...\n", invocation->kind->name, doing);
	else
		fprintf(stderr, "%s: %s: %d %%\n", invocation->kind->name, doing, percent);
	return !stopped;
}

static void on_problem(void *owner, const char *problem)
{
	const struct invocation *invocation = owner;

	printf("%s: %s\n", invocation->kind->name, problem);
}

static int fail(const struct invocation *invocation, const char *message)
{
	fprintf(stderr, "%s: %s\n", invocation->kind->name, message);
	return 1;
}

static int check_store(const struct invocation *invocation, const char *url)
{
	const struct store_watch watch = {on_progress, on_problem, (void *)invocation};
	const struct store_check check = {.url = url, .texts = invocation->kind->texts};
	size_t problems = 0;
	struct err err;

	if (!store_check(&check, &watch, &problems, &err))
		return fail(invocation, err.message);
	char *name = store_url_name(url);
	if (problems == 0)
		printf("%s: %s is whole\n", invocation->kind->name, name);
	else
		printf("%s: %s is NOT whole: problems found: %zu\n", invocation->kind->name, name, problems);
	free(name);
	return problems > 0;
}

static int run_check(const struct invocation *invocation)
{
	if (invocation->file == NULL)
		return check_store(invocation, invocation->store);
	char *url = store_url_of_file(invocation->file);
	int code = check_store(invocation, url);
	free(url);
	return code;
}

static int run_backup(const struct invocation *invocation)
{
	const struct store_watch watch = {on_progress, on_problem, (void *)invocation};
	const struct store_backup backup = {.from = {.url = invocation->store, .texts = invocation->kind->texts},
	                                    .to = invocation->file,
	                                    .replace = invocation->force};
	int64_t bytes = 0;
	struct err err;

	if (!store_backup(&backup, &watch, &bytes, &err))
		return fail(invocation, err.message);
	char *name = store_url_name(invocation->store);
	printf("%s: %s holds a copy of %s, %lld bytes, whole\n", invocation->kind->name, backup.to, name,
	       (long long)bytes);
	free(name);
	return 0;
}

static struct transfer transfer_of(const struct invocation *invocation)
{
	return (struct transfer){.kind = invocation->kind->transfer,
	                         .service = invocation->kind->name,
	                         .url = invocation->store,
	                         .texts = invocation->kind->texts,
	                         .path = invocation->file,
	                         .replace = invocation->force};
}

/* Standard output may be the export itself. */
static int run_export(const struct invocation *invocation)
{
	const struct store_watch watch = {on_progress, on_problem, (void *)invocation};
	const struct transfer transfer = transfer_of(invocation);
	int64_t lines = 0;
	struct err err;

	if (!transfer_export(&transfer, &watch, &lines, &err))
		return fail(invocation, err.message);
	fprintf(stderr, "%s: exported: %lld\n", invocation->kind->name, (long long)lines);
	return 0;
}

static int run_import(const struct invocation *invocation)
{
	const struct store_watch watch = {on_progress, on_problem, (void *)invocation};
	const struct transfer transfer = transfer_of(invocation);
	int64_t lines = 0, added = 0;
	struct err err;
	bool good = transfer_import(&transfer, &watch, &lines, &added, &err);

	printf("%s: imported: %lld, there already: %lld\n", invocation->kind->name, (long long)added,
	       (long long)(lines - added));
	return good ? 0 : fail(invocation, err.message);
}

static int usage(const struct service_kind *kind, FILE *to, int code);

static int run_help(const struct invocation *invocation)
{
	return usage(invocation->kind, stdout, 0);
}

static int run_version(const struct invocation *invocation)
{
	printf("%s %s\n", invocation->kind->name, SELFLESS_VERSION);
	return 0;
}

static const struct command COMMANDS[] = {
        {"--check", FILE_OPTIONAL, false, run_check, "[FILE]",
         "is the database (or FILE, a backup) whole? Also while services run"},
        {"--backup", FILE_NEEDED, true, run_backup, "FILE [--force]",
         "copies the database, also while services run; --force replaces FILE"},
        {"--export", FILE_OR_PIPE, true, run_export, "FILE [--force]",
         "writes all there is to FILE, as lines of JSON, also while services run; - is standard output"},
        {"--import", FILE_OR_PIPE, false, run_import, "FILE",
         "adds what an export holds and is not there yet; - is standard input"},
        {"--version", FILE_NONE, false, run_version, "", "prints the version"},
        {"--help", FILE_NONE, false, run_help, "", "prints this"},
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static int usage(const struct service_kind *kind, FILE *to, int code)
{
	fprintf(to, "usage: %s [COMMAND]    with no command, it serves\n\ncommands:\n", kind->name);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %s %-*s %s\n", COMMANDS[i].name, (int)(25 - strlen(COMMANDS[i].name)), COMMANDS[i].form,
		        COMMANDS[i].help);
	fprintf(to, "\nenvironment [default]:\n");
	settings_help(to);
	return code;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(COMMANDS[i].name, name) == 0)
			return &COMMANDS[i];
	}
	return NULL;
}

static bool is_pipe(const struct command *command, const char *word)
{
	return command->file == FILE_OR_PIPE && strcmp(word, "-") == 0;
}

/* What follows the command's name: a file and --force, in any order. */
static bool read_rest(const struct command *command, int count, char **words, struct invocation *invocation)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--force") == 0 && command->may_force && !invocation->force)
			invocation->force = true;
		else if ((words[i][0] != '-' || is_pipe(command, words[i])) && words[i][0] != '\0' &&
		         command->file != FILE_NONE && invocation->file == NULL)
			invocation->file = words[i];
		else
			return false;
	}
	return invocation->file != NULL || command->file < FILE_NEEDED;
}

static void handle_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of write, like a full disk */
}

int command_run(const struct service_kind *kind, int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;
	struct invocation invocation = {.kind = kind};
	struct settings settings;
	struct err err;

	if (command == NULL || !read_rest(command, argc - 2, argv + 2, &invocation))
		return usage(kind, stderr, 2);
	if (!settings_read(&settings, &err)) {
		settings_clear(&settings);
		return fail(&invocation, err.message);
	}
	handle_signals();
	char *url = settings_store_url(&settings, kind->name);
	invocation.store = url;
	int code = command->run(&invocation);
	free(url);
	settings_clear(&settings);
	return code;
}
