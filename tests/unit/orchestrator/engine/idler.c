/* idler: what the containers of test_docker_live run: says a line on each stream and where it is to listen, leaves a
 * file in the socket directory if there is one, then waits for SIGTERM. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_term(int number)
{
	(void)number;
	_exit(0);
}

int main(int argc, char **argv)
{
	signal(SIGTERM, on_term);
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 1; i < argc; i++)
		printf("arg %s\n", argv[i]);
	printf("out line\n");
	fprintf(stderr, "err line\n");
	if (getenv("LISTEN") != NULL)
		printf("LISTEN %s\n", getenv("LISTEN"));
	close(open("/run/selfless/here", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	for (;;)
		pause();
}
