/* status: ask, print; with --watch again and again.
 *
 * The first answer decides: without it there is nothing to watch. Later ones may fail, since an orchestrator that is
 * started anew is what one wants to watch.
 */
#include "common/mem.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/client/fleet_ask.h"
#include "orchestrator/cli/client/fleet_certificates.h"
#include "orchestrator/cli/client/fleet_view.h"
#include "orchestrator/cli/client/open.h"
#include "orchestrator/cli/client/screen.h"
#include "orchestrator/cli/exit_code.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define INTERVAL_MS 1000
#define LATELY_FEW 5
#define LATELY_ALL 100 /* more than there ever are */

static void print(const struct client_settings *settings, struct fleet_answer *answer, const struct screen *screen,
                  FILE *to)
{
	struct fleet_view_how how = {.colour = screen->colour,
	                             .columns = screen->terminal ? screen->columns - 1 : 0,
	                             .lately = settings->lately ? LATELY_ALL : LATELY_FEW};

	if (settings->json)
		fwrite(answer->text.data, 1, answer->text.len, to);
	else
		fleet_view_print(json_root(answer->doc), &how, to);
}

/* --- --watch --------------------------------------------------------------------------------------------------- */

/* The terminal is as it was, and nothing is to be saved: so the process may end at once. */
static void on_interrupt(int number)
{
	(void)number;
	(void)!write(STDOUT_FILENO, "\n", 1);
	_exit(CODE_GOOD);
}

static void draw(const struct client_settings *settings, struct fleet_answer *answer, const struct screen *screen)
{
	char *text;
	size_t len;
	FILE *to = mem_must(open_memstream(&text, &len));

	print(settings, answer, screen, to);
	fclose(to);
	screen_draw(screen, text, stdout);
	free(text);
}

static void show(const struct client_settings *settings, struct fleet_answer *answer)
{
	struct screen screen = screen_look();

	if (screen.terminal && !settings->json)
		draw(settings, answer, &screen);
	else
		print(settings, answer, &screen, stdout);
	if (!screen.terminal && !settings->json)
		putchar('\n');
}

static void show_trouble(const struct err *err)
{
	if (screen_look().terminal)
		printf("\033[H%s; trying again\033[K\n", err->message);
	else
		fprintf(stderr, "orchestrator: %s; trying again\n", err->message);
}

static int watch(const struct client_settings *settings, struct wire *wire, struct fleet_answer *answer)
{
	struct err err;

	signal(SIGINT, on_interrupt);
	if (screen_look().terminal && !settings->json)
		fputs("\033[2J", stdout);
	show(settings, answer);
	while (fflush(stdout) != EOF) {
		poll(NULL, 0, INTERVAL_MS); /* ends early when the window's size changes */
		if (fleet_ask(wire, answer, &err))
			show(settings, answer);
		else
			show_trouble(&err);
	}
	return CODE_REFUSED; /* nobody reads any more */
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static int show_once(const struct client_settings *settings, struct fleet_answer *answer)
{
	struct screen screen = screen_look();

	print(settings, answer, &screen, stdout);
	if (!fleet_view_serves(json_root(answer->doc)))
		return CODE_NOT_SERVING;
	return fleet_certificates_end_soon(json_root(answer->doc)) ? CODE_CERTIFICATE : CODE_GOOD;
}

int client_status(const struct client_settings *settings)
{
	struct wire *wire;
	struct fleet_answer answer;
	struct err err;
	int code = open_wire(settings, &wire);

	if (code != CODE_GOOD)
		return code;
	fleet_answer_init(&answer);
	if (fleet_ask(wire, &answer, &err)) {
		code = settings->watch ? watch(settings, wire, &answer) : show_once(settings, &answer);
	} else {
		fprintf(stderr, "orchestrator: %s\n", err.message);
		code = CODE_REFUSED;
	}
	fleet_answer_clear(&answer);
	wire_close(wire);
	return code;
}
