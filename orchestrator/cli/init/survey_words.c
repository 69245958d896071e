/* survey_words: a table of what can be the matter; the first row that fits is said. */
#include "orchestrator/cli/init/survey_words.h"

#include <stdio.h>
#include <string.h>

#define PORTS_SIZE 160

/* --- which ports ----------------------------------------------------------------------------------------------- */

static void add_port(struct survey_seen *seen, int port)
{
	if (port != 0 && seen->asked_count < LISTENING_MAX && !listening_has(seen->asked, seen->asked_count, port))
		seen->asked[seen->asked_count++] = port;
}

static void add_listening(struct survey_seen *seen, const int *ports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (listening_has(seen->listening.open, seen->listening.open_count, ports[i]))
			add_port(seen, ports[i]);
}

void survey_choose(struct survey_seen *seen, const struct survey_ports *ports)
{
	seen->asked_count = 0;
	if (ports->only != 0) {
		add_port(seen, ports->only);
	} else if (seen->known) {
		add_listening(seen, ports->exposed, ports->exposed_count);
		if (seen->asked_count == 0)
			add_listening(seen, &ports->hinted, 1);
		if (seen->asked_count == 0)
			add_listening(seen, seen->listening.open, seen->listening.open_count);
	} else {
		for (size_t i = 0; i < ports->exposed_count; i++)
			add_port(seen, ports->exposed[i]);
		add_port(seen, ports->hinted);
		bool named = seen->asked_count > 0;
		for (size_t i = 0; !named && i < ports->usual_count; i++)
			add_port(seen, ports->usual[i]);
	}
}

/* --- what is the matter ---------------------------------------------------------------------------------------- */

static void list_ports(const int *ports, size_t count, char text[PORTS_SIZE])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && len < PORTS_SIZE - 16; i++)
		len += (size_t)snprintf(text + len, PORTS_SIZE - len, "%s%d", i > 0 ? ", " : "", ports[i]);
}

static bool is_open(const struct survey_seen *seen, int port)
{
	return listening_has(seen->listening.open, seen->listening.open_count, port);
}

static bool no_path_does(const struct survey_seen *seen)
{
	return seen->no_path;
}

static bool several_speak(const struct survey_seen *seen)
{
	return seen->spoke_count > 1;
}

static bool one_speaks(const struct survey_seen *seen)
{
	return seen->spoke_count == 1;
}

static bool only_loopback(const struct survey_seen *seen)
{
	return seen->known && seen->listening.shut_count > 0 && seen->listening.open_count == 0;
}

static bool other_port(const struct survey_seen *seen)
{
	return seen->known && seen->only != 0 && !is_open(seen, seen->only) && seen->listening.open_count > 0;
}

static bool nothing_listens(const struct survey_seen *seen)
{
	return seen->known && seen->listening.open_count == 0;
}

static bool not_known(const struct survey_seen *seen)
{
	return !seen->known;
}

static void say_no_path(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	(void)ports;
	if (seen->path != NULL)
		snprintf(text, size, "the program says %s, and 2xx or 3xx is wanted: is the path of --health right?",
		         seen->text);
	else
		snprintf(
		        text, size,
		        "the program answers on port %d, but no path that was tried with 2xx or 3xx (%s): say which one shows that it is "
		        "well, with --health /PATH",
		        seen->spoke[0], seen->text);
}

static void say_several(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	(void)seen;
	snprintf(text, size, "the program speaks HTTP on several ports: say which one is meant, with --port (%s)",
	         ports);
}

static void say_unwell(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	snprintf(
	        text, size,
	        "the program speaks HTTP on port %s, but is not well (%s): does it wait for something that is not there?",
	        ports, seen->text);
}

static void say_loopback(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	(void)seen;
	snprintf(
	        text, size,
	        "the program listens on 127.0.0.1 alone (port %s), which is the container's own: nobody outside gets there. Make the "
	        "program listen on 0.0.0.0",
	        ports);
}

static void say_other_port(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	snprintf(text, size, "nothing listens on port %d; it does on %s: is --port right?", seen->only, ports);
}

static void say_nothing_listens(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	(void)seen;
	(void)ports;
	snprintf(
	        text, size,
	        "the program runs, but does not listen on any TCP port. Does it need variables (--env KEY=VALUE) or another service, or "
	        "longer to start?");
}

static void say_not_known(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	snprintf(text, size,
	         "nothing answers on port %s (%s): does it listen on 0.0.0.0? Say at which port, with --port", ports,
	         seen->text);
}

static void say_no_http(const struct survey_seen *seen, const char *ports, char *text, size_t size)
{
	snprintf(
	        text, size,
	        "the program listens on port %s, but did not answer a GET (%s). It has to speak HTTP/1.1 there, and this host has to reach "
	        "the container by its address (not so with Docker in rootless mode)",
	        ports, seen->text);
}

static const struct matter {
	bool (*fits)(const struct survey_seen *seen); /* NULL: always */
	bool stuck;
	enum { OPEN, SHUT, SPOKE, ASKED } ports; /* named in the sentence */
	void (*say)(const struct survey_seen *seen, const char *ports, char *text, size_t size);
} matters[] = {
        {no_path_does, true, SPOKE, say_no_path}, {several_speak, false, SPOKE, say_several},
        {one_speaks, false, SPOKE, say_unwell},   {only_loopback, true, SHUT, say_loopback},
        {other_port, true, OPEN, say_other_port}, {nothing_listens, false, OPEN, say_nothing_listens},
        {not_known, false, ASKED, say_not_known}, {NULL, false, OPEN, say_no_http},
};

static const struct matter *matter_of(const struct survey_seen *seen)
{
	const struct matter *matter = matters;

	while (matter->fits != NULL && !matter->fits(seen))
		matter++;
	return matter;
}

bool survey_is_stuck(const struct survey_seen *seen)
{
	return matter_of(seen)->stuck;
}

void survey_words(const struct survey_seen *seen, char *text, size_t size)
{
	const struct matter *matter = matter_of(seen);
	char ports[PORTS_SIZE];

	switch (matter->ports) {
	case OPEN:
		list_ports(seen->listening.open, seen->listening.open_count, ports);
		break;
	case SHUT:
		list_ports(seen->listening.shut, seen->listening.shut_count, ports);
		break;
	case SPOKE:
		list_ports(seen->spoke, seen->spoke_count, ports);
		break;
	case ASKED:
		list_ports(seen->asked, seen->asked_count, ports);
		break;
	}
	matter->say(seen, ports, text, size);
}
