/* command_table: the rows, in the order in which they are shown. */
#include "orchestrator/cli/command_table.h"

#include <stddef.h>
#include <string.h>

#define START_MS_MAX 3600000
#define AT(member) offsetof(struct command, member)

/* Parts of rows. clang-format would make a screen of them. */
// clang-format off
#define ACTION COMMAND_NO_VALUE, COMMAND_SETS_ACTION
#define FLAG COMMAND_NO_VALUE, COMMAND_SETS_FLAG
#define CONFIG "config", 'c', "FILE", COMMAND_FILE, COMMAND_SETS_TEXT, AT(config_path)
#define HELP {"help", 'h', NULL, ACTION, COMMAND_HELP, .help = "print this help"}
#define WHOSE {CONFIG, .help = "speak to the orchestrator of this configuration, good or bad (default: built in, so /run/selfless/admin.sock, " \
	"then 127.0.0.1:9090)"}
#define ADMIN {"admin", 0, "ADDRESS", COMMAND_ADDRESS, COMMAND_SETS_TEXT, AT(admin), \
	.help = "speak to the admin API at this ADDRESS:PORT or unix:PATH, whatever the configuration says"}
#define TOKEN_FILE {"token-file", 0, "FILE", COMMAND_FILE, COMMAND_SETS_TEXT, AT(token_file), \
	.help = "send the token in FILE (default: admin_token_file of the configuration)"}
/* How an image is tried; of "" they need --image. */
#define OF_IMAGE(with) \
	{"port", 0, "PORT", COMMAND_NUMBER, COMMAND_SETS_NUMBER, AT(port), .max = 65535, .company = with, \
	 .help = "image: the port that it listens on (default: found out)"}, \
	{"health", 0, "PATH", COMMAND_TEXT, COMMAND_SETS_TEXT, AT(health), .company = with, \
	 .help = "image: the path that answers 2xx or 3xx when all is well (default: found out)"}, \
	{"env", 'e', "KEY=VALUE", COMMAND_TEXT, COMMAND_ADDS_TEXT, AT(env), .company = with, \
	 .help = "image: a variable that its containers get; may be given again"}, \
	{"name", 0, "NAME", COMMAND_TEXT, COMMAND_SETS_TEXT, AT(name), .company = with, \
	 .help = "image: what the service is called, its containers NAME_0, NAME_1, ... (default: after the image)"}, \
	{"listen", 0, "ADDRESS", COMMAND_TEXT, COMMAND_SETS_TEXT, AT(listen), .company = with, \
	 .help = "image: where requests come in, as ADDRESS:PORT (default: 0.0.0.0:80)"}
#define END {.name = NULL}
#define NO_MORE {.term = NULL}
// clang-format on

/* --- options --------------------------------------------------------------------------------------------------- */

static const struct command_option run_options[] = {
        {CONFIG, .help = "read the configuration from FILE (default: built in; see --print-config)"},
        {"take-over", 0, NULL, FLAG, AT(take_over),
         .help = "take over running containers of this name that another orchestrator, now gone, has made"},
        {"check", 0, NULL, ACTION, COMMAND_CHECK,
         .help = "only check the configuration: exit 0 if it is good, 2 if not"},
        {"print-config", 0, NULL, ACTION, COMMAND_PRINT_CONFIG,
         .help = "print the whole configuration, defaults filled in, as JSON"},
        {"document-config", 0, NULL, ACTION, COMMAND_DOCUMENT, .help = "print the reference of all keys, in Markdown"},
        {"document-admin", 0, NULL, ACTION, COMMAND_DOCUMENT_ADMIN,
         .help = "print the reference of the admin API, in Markdown"},
        {"document-metrics", 0, NULL, ACTION, COMMAND_DOCUMENT_METRICS,
         .help = "print the reference of all metrics, in Markdown"},
        {"simulate", 0, "TRACE", COMMAND_FILE, COMMAND_SETS_TRACE, 0,
         .help = "run the scaler over TRACE, lines of seconds,count, and print what it decides"},
        {"service", 0, "NAME", COMMAND_SERVICE, COMMAND_SETS_TEXT, AT(service),
         .help = "simulate: with this service's scale (default: the first)", .company = COMMAND_WITH_SIMULATE},
        {"start-ms", 0, "MS", COMMAND_NUMBER, COMMAND_SETS_NUMBER, AT(start_ms),
         .help = "simulate: time that a container takes to start (300)", .max = START_MS_MAX,
         .company = COMMAND_WITH_SIMULATE},
        {"chart", 0, "FILE", COMMAND_FILE, COMMAND_SETS_TEXT, AT(chart_path), .help = "simulate: draw it, as SVG",
         .company = COMMAND_WITH_SIMULATE},
        {"json", 0, NULL, FLAG, AT(json), .help = "simulate: print JSON instead", .company = COMMAND_WITH_SIMULATE},
        {"image", 0, "IMAGE", COMMAND_TEXT, COMMAND_SETS_TEXT, AT(image),
         .help = "serve containers of IMAGE, without any file: it is tried once, to find out how"},
        OF_IMAGE(COMMAND_WITH_IMAGE),
        {"version", 0, NULL, ACTION, COMMAND_VERSION, .help = "print the version"},
        HELP,
        END,
};

static const struct command_option status_options[] = {
        {"json", 0, NULL, FLAG, AT(json), .help = "print what the admin API says, as it is"},
        {"watch", 0, NULL, FLAG, AT(watch),
         .help = "show it again every second, until Ctrl-C; where the output is no terminal, one below the other"},
        {"lately", 0, NULL, FLAG, AT(lately), .help = "show all of the last 20 things that went wrong, not the last 5"},
        WHOSE,
        ADMIN,
        TOKEN_FILE,
        HELP,
        END,
};

static const struct command_option certificates_options[] = {
        {"json", 0, NULL, FLAG, AT(json), .help = "print what the admin API says, as it is"},
        WHOSE,
        ADMIN,
        TOKEN_FILE,
        HELP,
        END,
};

static const struct command_option events_options[] = {
        {"follow", 'f', NULL, FLAG, AT(follow), .help = "go on with what comes, until Ctrl-C; reconnects by itself"},
        {"json", 0, NULL, FLAG, AT(json), .help = "print each as a JSON object, on a line of its own"},
        WHOSE,
        ADMIN,
        TOKEN_FILE,
        HELP,
        END,
};

static const struct command_option init_options[] = {
        {"output", 'o', "FILE", COMMAND_FILE, COMMAND_SETS_TEXT, AT(output),
         .help = "write it to FILE, which must not be there yet (default: standard output)"},
        OF_IMAGE(COMMAND_ALONE),
        HELP,
        END,
};

static const struct command_option access_options[] = {WHOSE, ADMIN, TOKEN_FILE, HELP, END};
static const struct command_option help_options[] = {HELP, END};

/* --- examples -------------------------------------------------------------------------------------------------- */

static const struct command_note run_examples[] = {
        {"orchestrator --image my-site --listen 127.0.0.1:8088", "serves an image of your own, without any file"},
        {"orchestrator init my-site -o my.json", "the same as a configuration, to be kept and changed"},
        {"orchestrator -c my.json --check", "is it good? Says where it is not, as file:line:column"},
        {"orchestrator -c my.json", "serves, in the foreground, until Ctrl-C"},
        {"orchestrator status -c my.json", "what it does, in a second terminal"},
        {"orchestrator -c my.json --simulate day.csv --chart day.svg", "what its scale would have done on that day"},
        NO_MORE,
};

static const struct command_note init_examples[] = {
        {"orchestrator init my-site", "what a configuration for it looks like"},
        {"orchestrator init my-site -o my.json && orchestrator -c my.json", "and serve it"},
        {"orchestrator init my-api --port 8080 --health /ready -e DB=10.0.0.5 -o my.json", "where it has to be told"},
        NO_MORE,
};

static const struct command_note status_examples[] = {
        {"orchestrator status", "services and containers now"},
        {"orchestrator status --watch", "the same, live"},
        {"orchestrator status --json | jq '.services[].wanted'", "for scripts"},
        {"orchestrator status --admin 10.0.0.5:9090 --token-file ~/token", "another host's"},
        NO_MORE,
};

static const struct command_note events_examples[] = {
        {"orchestrator events -f", "what happens, as it does"},
        {"orchestrator events | grep incident=1a2b3c4d", "one incident's story"},
        {"orchestrator events -f --json | jq -c 'select(.event == \"fault\")'", "for scripts"},
        NO_MORE,
};

static const struct command_note scale_examples[] = {{"orchestrator scale acts 3", "three containers of acts"},
                                                     NO_MORE};
static const struct command_note replace_examples[] = {{"orchestrator replace acts 0", "a new acts_0"}, NO_MORE};
static const struct command_note roll_examples[] = {
        {"docker build -t actscontainer . && orchestrator roll acts", "brings a newly built image into service"},
        NO_MORE,
};

static const struct command_note reload_examples[] = {
        {"orchestrator reload -c my.json", "what was changed in my.json is in force, or is refused"}, NO_MORE};
static const struct command_note certificates_examples[] = {
        {"orchestrator certificates", "names, when they end, and why one does not come"},
        {"orchestrator certificates --json | jq '.certificates[] | select(.failure)'", "for scripts"},
        NO_MORE,
};

static const struct command_note renew_examples[] = {
        {"orchestrator renew example.org", "its DNS is right now: order at once, and not when the back-off is over"},
        NO_MORE,
};

static const struct command_note drain_examples[] = {
        {"orchestrator drain && reboot", "before work on the host: no request is cut off"},
        {"orchestrator drain && orchestrator -c new.json", "another program or configuration; the containers stay"},
        NO_MORE,
};

static const struct command_note completion_examples[] = {
        {". <(orchestrator completion bash)", "in this shell; in ~/.bashrc, in all of them"},
        {"orchestrator completion zsh > ~/.zfunc/_orchestrator", "zsh, where ~/.zfunc is in fpath"},
        NO_MORE,
};

static const struct command_note man_examples[] = {
        {"orchestrator man | man -l -", "this manual"},
        {"orchestrator man config | man -l -", "the keys of the configuration"},
        NO_MORE,
};

static const struct command_note help_examples[] = {{"orchestrator help status", "what status can do"}, NO_MORE};

/* --- commands -------------------------------------------------------------------------------------------------- */

static const char *const completion_choices[] = {"bash", "zsh", NULL};
static const char *const man_choices[] = {"command", "config", NULL};

const struct command_verb command_verbs[] = {
        {"", COMMAND_RUN, "proxy, supervisor and scaler of containers",
         "Serves containers on one Docker host: proxies requests to them, replaces them when they fail, and starts and "
         "stops them by the number of requests. Without a command it runs, in the foreground; the commands speak to "
         "the orchestrator that runs, over its admin API.",
         .options = run_options, .examples = run_examples},
        {"init", COMMAND_INIT, "make a configuration for an image",
         "Looks at IMAGE, which has to be on this host, starts one container of it, finds out on which port it answers and "
         "which path shows that it is well, ends it and removes it again, whatever happens. What was found is a configuration "
         "with comments, which heals and scales the image as it is. How it goes is told on standard error; a container takes "
         "30 s at most.",
         .words = {{.name = "IMAGE", .kind = COMMAND_TEXT}}, .options = init_options, .examples = init_examples},
        {"status", COMMAND_STATUS, "show services and containers",
         "Shows each service with its scaling window (WINDOW: requests counted so far, LAST: in the window before, "
         "DECIDES IN: time to the next decision), and each slot with its container: state and why, requests in flight "
         "and in all, how long its last probe took, since when the state is what it is. Below: of each slot that does not "
         "serve why, in one sentence that says what to do, how often it was tried and when it is tried again; how far a "
         "roll is; and what went wrong lately, also before the orchestrator was last started.\n\n"
         "Exit code 3 says that a service which wants containers has none that is ready, 5 that a certificate ends "
         "within 7 days, or within a quarter of its life if that is less.",
         .options = status_options, .examples = status_examples},
        {"events", COMMAND_EVENTS, "show what happened, and with -f what happens",
         "Prints the last lines that the orchestrator keeps of its log: faults and how they were mended, rolls, scaling, "
         "what operators ordered; one line each, with the keys of the log. With -f it goes on with what comes, and "
         "connects again where the orchestrator is started anew. status --lately shows what went wrong in the last days, "
         "also before that.",
         .options = events_options, .examples = events_examples},
        {"scale", COMMAND_SCALE, "run N containers of a service, until its scaling window ends",
         "N is within min and max of the service. At the end of the window the requests decide again.",
         .words = {{"NAME", .kind = COMMAND_SERVICE}, {"N", .kind = COMMAND_NUMBER}}, .options = access_options,
         .examples = scale_examples},
        {"replace", COMMAND_REPLACE, "put a new container into a slot",
         "A container that serves finishes what it has in flight; another one stands in meanwhile.",
         .words = {{"NAME", .kind = COMMAND_SERVICE}, {"SLOT", .kind = COMMAND_SLOT}}, .options = access_options,
         .examples = replace_examples},
        {"roll", COMMAND_ROLL, "replace all containers of a service, one by one",
         "First a new container runs beside them; when that is ready it serves in their stead, one after the other. If "
         "one does not get ready, the roll stops and the log says why. For a changed configuration no order is needed: reload it, and what changed is "
         "rolled.",
         .words = {{"NAME", .kind = COMMAND_SERVICE}}, .options = access_options, .examples = roll_examples},
        {"reload", COMMAND_RELOAD, "apply the configuration as it is now",
         "The file is read again and applied whole, or refused whole with what is wrong; either has happened when this "
         "command ends. It is what SIGHUP does, and that says it in the log alone.",
         .options = access_options, .examples = reload_examples},
        {"certificates", COMMAND_CERTIFICATES, "show certificates: names, issuer, end, next renewal, last failure",
         "Shows the hosts that certificates are ordered for by themselves, and the names of those in files. RENEWED is when the "
         "next one is ordered. Below stands why one does not come, with the CA's own words, and what to do.",
         .options = certificates_options, .examples = certificates_examples},
        {"renew", COMMAND_RENEW, "order a certificate for a host now",
         "Whatever the time is, and however long is to be waited after a failure. CAs count orders: a few too many in a week, and "
         "they give no more for days.",
         .words = {{"HOST", .kind = COMMAND_HOST}}, .options = access_options, .examples = renew_examples},
        {"drain", COMMAND_DRAIN, "finish what is in flight, then stop the orchestrator; containers stay",
         "New connections are refused from now on, so that a load balancer goes elsewhere; requests in flight are "
         "finished (for drain_ms at most), then the orchestrator ends with exit code 0. The containers run on, and the "
         "next start adopts them. It is what SIGTERM does, and this command waits until it is done.\n\n"
         "A systemd socket unit keeps the port: it accepts for the next start, and causes it. Stop the unit first if "
         "that is not wanted.",
         .options = access_options, .examples = drain_examples},
        {"completion", COMMAND_COMPLETION, "print the completion script for a shell",
         "`cmake --install` puts the scripts in place; this is for those who have the program alone. Names of services "
         "and numbers of slots are completed, too, as the orchestrator that runs has them, else the configuration.",
         .words = {{"SHELL", COMMAND_CHOICE, .choices = completion_choices}}, .options = help_options,
         .examples = completion_examples},
        {"man", COMMAND_MAN, "print a manual page",
         "command: orchestrator(8), the default. config: orchestrator.json(5), the keys of the configuration.",
         .words = {{"PAGE", COMMAND_CHOICE, man_choices, .optional = true}}, .options = help_options,
         .examples = man_examples},
        {"help", COMMAND_HELP, "print help about a command", "The same as orchestrator COMMAND --help.",
         .words = {{"COMMAND", COMMAND_VERB, .optional = true}}, .options = help_options, .examples = help_examples},
        END,
};

const struct command_verb *command_verb_find(const char *name)
{
	for (const struct command_verb *verb = command_verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

/* --- the rest of the manual ------------------------------------------------------------------------------------ */

const struct command_note command_files[] = {
        {"/etc/selfless/orchestrator.json", "the configuration that the systemd service runs with"},
        {"/run/NAME",
         "the containers' unix sockets, and admin.sock, which the commands speak to where they may: root, the "
         "orchestrator's user and its group (socket_dir); NAME is selfless unless configured"},
        {"/var/lib/NAME",
         "what outlives a restart (state_dir): lock, which one orchestrator alone holds; owner, its mark "
         "on its containers; spec.key; lately.json, the last 20 things that went wrong; certs, certificates that come by "
         "themselves and the account with the CA"},
        {"/var/run/docker.sock", "the Docker Engine (docker_socket)"},
        NO_MORE,
};

const struct command_note command_signals[] = {
        {"TERM",
         "stops when what is in flight is done and leaves the containers to the next start, which adopts them; a "
         "second signal, of either kind, does not wait, and the log says how many containers that leaves"},
        {"INT",
         "(Ctrl-C) the same, then removes the containers; a second signal leaves those that are still there to the "
         "next start, or to docker/down"},
        {"HUP", "reads the configuration again and applies it whole, or refuses it whole and logs why"},
        {"USR1", "reopens the access log"},
        NO_MORE,
};

const struct command_note command_variables[] = {
        {"NO_COLOR", "if set and not empty, status uses no colours"},
        {"LISTEN_FDS, LISTEN_PID", "sockets that systemd hands over, used where their address is in listen"},
        {"NOTIFY_SOCKET, WATCHDOG_USEC", "where and how often systemd wants to hear of it"},
        NO_MORE,
};

const struct command_exit_code command_exit_codes[] = {
        {"0", NULL, "all is well"},
        {"1", NULL,
         "it could not start, or a second signal ended it before it had done what the first one asked for; for a "
         "command: no orchestrator answers, or it refuses"},
        {"2", NULL, "bad configuration or usage"},
        {"3", "status", "status: a service that wants containers has none that is ready"},
        {"4", "deploy", "deploy, rollback: the new image did not get ready, and it went back"},
        {"5", "status", "status: a certificate ends within 7 days, or a quarter of its life (3 wins)"},
        {"6", "deploy", "deploy, rollback: the time is over, and it is still under way"},
        {"125, 126, 127", "run", "run: ours, as of docker run; any other is the program's"},
        {.text = NULL},
};

bool command_exit_code_shown(const struct command_exit_code *row)
{
	return row->verb == NULL || command_verb_find(row->verb) != NULL;
}
