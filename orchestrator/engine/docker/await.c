/* await: the first program of a container that gets its network once it runs. It waits for the network, and then becomes
 * the image's own program, which so has everything from its first instruction on.
 *
 *   selfless-await PROGRAM ARGUMENTS...
 *
 * "There" is a default route: Docker gives that last, after resolv.conf, its resolver and the address. A network that leads
 * nowhere (an internal one) has no such route: then an address that has been there for a second will do. Other engines
 * write resolv.conf a moment after the route; so where a route comes and the file is the old one, it is waited for a little.
 *
 * The program is found as Docker finds it, and what is said and returned when that fails is what runc says and `docker run`
 * returns. As process 1 it would get no signal that it does not handle; execve takes the handlers away again. Linked
 * statically, it runs in an image that holds nothing.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUTES "/proc/net/route"
#define RESOLV_CONF "/etc/resolv.conf"
#ifndef LONGEST_MS /* a test has less patience */
#define LONGEST_MS 60000
#endif
#define NO_ROUTE_MS 1000 /* an address without a route */
#define OLD_FILE_MS 200  /* a route without a new file */
#define EAGER_MS 2000    /* so long it is looked each millisecond, then less often */
#define SELDOM_MS 20

#define EXIT_NOT_STARTED 125
#define EXIT_NOT_RUN 126
#define EXIT_NOT_FOUND 127

enum network { NETWORK_NONE, NETWORK_ADDRESS, NETWORK_ROUTE };

/* --- is it there? ---------------------------------------------------------------------------------------------- */

static bool has_default_route(void)
{
	FILE *file = fopen(ROUTES, "re");
	unsigned long destination, mask;
	bool found = false;
	char line[256];

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%*s %lx %*s %*s %*s %*s %*s %lx", &destination, &mask) == 2 && destination == 0 &&
		        mask == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

static bool has_address(void)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) == -1)
		return false;
	for (const struct ifaddrs *one = all; one != NULL && !found; one = one->ifa_next)
		found = one->ifa_addr != NULL && (one->ifa_flags & IFF_UP) != 0 &&
		        (one->ifa_flags & IFF_LOOPBACK) == 0 &&
		        (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6);
	freeifaddrs(all);
	return found;
}

static enum network look(void)
{
	return has_default_route() ? NETWORK_ROUTE : has_address() ? NETWORK_ADDRESS : NETWORK_NONE;
}

static struct timespec written(void)
{
	struct stat st;

	return stat(RESOLV_CONF, &st) == 0 ? st.st_mtim : (struct timespec){.tv_sec = 0};
}

static bool is_written_since(struct timespec then)
{
	struct timespec now = written();

	return now.tv_sec != then.tv_sec || now.tv_nsec != then.tv_nsec;
}

/* --- until it is there ----------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* False after LONGEST_MS. */
static bool await_network(void)
{
	struct timespec file = written();
	enum network was = look(), is = was;
	int64_t begin_ms = now_ms(), since_ms = begin_ms, at_ms = begin_ms;

	if (was == NETWORK_ROUTE) /* not a late one, or it was quicker than we are */
		return true;
	while (at_ms - begin_ms < LONGEST_MS) {
		if (is == NETWORK_ROUTE && (is_written_since(file) || at_ms - since_ms >= OLD_FILE_MS))
			return true;
		if (is == NETWORK_ADDRESS && at_ms - since_ms >= NO_ROUTE_MS)
			return true;
		sleep_ms(at_ms - begin_ms < EAGER_MS ? 1 : SELDOM_MS);
		was = is;
		is = look();
		at_ms = now_ms();
		if (is != was)
			since_ms = at_ms;
	}
	return false;
}

/* --- becoming the program -------------------------------------------------------------------------------------- */

/* The first of the folders in PATH that has it; errno says why none does. */
static void exec_from_path(char **argv)
{
	const char *path = getenv("PATH"), *end;
	int denied = 0;
	char file[PATH_MAX];

	for (; path != NULL; path = *end == ':' ? end + 1 : NULL) {
		end = strchrnul(path, ':');
		const char *folder = end > path ? path : ".";
		int len = end > path ? (int)(end - path) : 1;

		if (snprintf(file, sizeof(file), "%.*s/%s", len, folder, argv[0]) >= (int)sizeof(file))
			continue;
		execv(file, argv);
		if (errno == EACCES)
			denied = errno;
		else if (errno != ENOENT && errno != ENOTDIR)
			return;
	}
	errno = denied != 0 ? denied : ENOENT;
}

static int become(char **argv)
{
	bool in_path = strchr(argv[0], '/') == NULL;

	if (in_path)
		exec_from_path(argv);
	else
		execv(argv[0], argv);
	int code = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
	const char *why = errno == ENOENT && in_path ? "executable file not found in $PATH" : strerror(errno);
	fprintf(stderr, "selfless-await: exec: \"%s\": %s\n", argv[0], why);
	return code;
}

/* --- signals --------------------------------------------------------------------------------------------------- */

static void on_signal(int number)
{
	_exit(128 + number);
}

/* The image may have any of them for its stop signal. What does not end a process ends us neither, and what a process is
 * to ignore it goes on ignoring.
 */
static void end_on_signals(void)
{
	static const int spared[] = {SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, SIGKILL, SIGSTOP};

	for (int number = 1; number <= SIGRTMAX; number++) {
		bool is_spared = false;

		for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
			is_spared |= number == spared[i];
		if (!is_spared && signal(number, on_signal) == SIG_IGN)
			signal(number, SIG_IGN);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "selfless-await: which program?\n");
		return EXIT_NOT_STARTED;
	}
	end_on_signals();
	if (!await_network()) {
		fprintf(stderr, "selfless-await: no network within %d s: \"%s\" is not started\n", LONGEST_MS / 1000,
		        argv[1]);
		return EXIT_NOT_STARTED;
	}
	return become(argv + 1);
}
