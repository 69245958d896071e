/* init: check what was asked for -> try the image -> draft -> read the draft back, as any file is -> print it, or hand it over.
 *
 * What can be refused without trying is refused first: nobody is to wait for a container to hear of a file that is there.
 */
#include "orchestrator/cli/init/init.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/cli/exit_code.h"
#include "orchestrator/cli/init/draft.h"
#include "orchestrator/cli/init/service_name.h"
#include "orchestrator/cli/init/trial.h"
#include "orchestrator/config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define OUTPUT_MODE 0644

static void on_line(const char *line, void *arg)
{
	fprintf(stderr, "%s: %s\n", (const char *)arg, line);
}

/* --- what was asked for ---------------------------------------------------------------------------------------- */

static bool check_env(const struct init_settings *settings, struct err *err)
{
	for (size_t i = 0; i < settings->env_count; i++)
		if (settings->env[i][0] == '=' || strchr(settings->env[i], '=') == NULL)
			return err_set(err, "--env: \"%s\" is no variable; write KEY=VALUE", settings->env[i]);
	return true;
}

static bool check(const struct init_settings *settings, struct err *err)
{
	const char *name = settings->name;

	if (settings->image[0] == '\0')
		return err_set(err, "IMAGE must not be empty");
	if (name != NULL && (name[0] == '\0' || strlen(name) >= SERVICE_NAME_SIZE ||
	                     name[strspn(name, NAME_LETTERS)] != '\0' || strchr("_.-", name[0]) != NULL))
		return err_set(
		        err,
		        "--name: \"%s\": letters, digits, _ . - are allowed, a letter or digit first, %d bytes at most",
		        name, SERVICE_NAME_SIZE - 1);
	if (settings->health != NULL && settings->health[0] != '/')
		return err_set(err, "--health: \"%s\" must begin with /", settings->health);
	return check_env(settings, err);
}

/* --- trying ---------------------------------------------------------------------------------------------------- */

static bool draft(const struct init_settings *settings, const struct trial *trial, const struct strings *env,
                  struct buf *text, struct err *err)
{
	char name[SERVICE_NAME_SIZE];

	service_name_of_image(settings->image, name);
	struct draft_facts facts = {.image = settings->image,
	                            .service = settings->name != NULL ? settings->name : name,
	                            .listen = settings->listen != NULL ? settings->listen : CONFIG_LISTEN,
	                            .port = trial->port,
	                            .exposed = trial->exposed,
	                            .path = trial->path,
	                            .any_path = trial->any_path,
	                            .ready_ms = trial->ready_ms,
	                            .end_ms = trial->end_ms,
	                            .volumes = &trial->volumes,
	                            .env = env};
	return draft_write(&facts, text) || err_set(err, "the configuration would be longer than %d bytes", DRAFT_MAX);
}

/* The text of the configuration, and what it is read as. */
static bool make(const struct init_settings *settings, struct buf *text, struct config **config, struct err *err)
{
	struct trial trial = {0};
	struct strings env = {0};

	for (size_t i = 0; i < settings->env_count; i++)
		strings_add(&env, settings->env[i]);
	struct trial_settings how = {.docker_socket = CONFIG_DOCKER_SOCKET,
	                             .image = settings->image,
	                             .env = &env,
	                             .port = settings->port,
	                             .path = settings->health,
	                             .tell = on_line,
	                             .arg = (void *)settings->image};
	log_set_level(LOG_ERROR); /* the trial speaks for itself */
	bool ok = trial_run(&how, &trial, err) && draft(settings, &trial, &env, text, err) &&
	          config_read("(made from the image)", buf_text(text), text->len, config, err);
	trial_clear(&trial);
	strings_clear(&env);
	return ok;
}

/* --- what comes of it ------------------------------------------------------------------------------------------ */

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static bool save(const char *path, const struct buf *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);

	if (fd == -1)
		return err_set_errno(err, errno, "%s", path);
	ssize_t written = write(fd, text->data, text->len);
	int error = written == -1 ? errno : ENOSPC;
	if (close(fd) == 0 && written == (ssize_t)text->len)
		return true;
	unlink(path);
	return err_set_errno(err, error, "%s", path);
}

static bool print(const char *output, struct buf *text, struct err *err)
{
	if (output != NULL)
		return save(output, text, err);
	fputs(buf_text(text), stdout); /* cli.c looks whether that went well */
	return true;
}

static int fail(const struct err *err, int code)
{
	fprintf(stderr, "orchestrator init: %s\n", err->message);
	return code;
}

int init_print(const struct init_settings *settings, const char *output)
{
	struct config *config = NULL;
	struct buf text;
	struct err err;
	int code = CODE_GOOD;

	if (!check(settings, &err))
		return fail(&err, CODE_USAGE);
	if (output != NULL && is_there(output)) {
		err_set(&err, "%s is there already, and is not overwritten: name another file, or remove it", output);
		return fail(&err, CODE_REFUSED);
	}
	buf_init(&text, DRAFT_MAX);
	if (!make(settings, &text, &config, &err) || !print(output, &text, &err))
		code = fail(&err, CODE_REFUSED);
	else if (output != NULL)
		fprintf(stderr, "%s: written; orchestrator -c %s runs it\n", output, output);
	config_free(config);
	buf_clear(&text);
	return code;
}

bool init_config(const struct init_settings *settings, struct config **config, int *code, struct err *err)
{
	struct buf text;

	*code = CODE_USAGE;
	if (!check(settings, err))
		return false;
	*code = CODE_REFUSED;
	buf_init(&text, DRAFT_MAX);
	bool ok = make(settings, &text, config, err);
	buf_clear(&text);
	return ok;
}
