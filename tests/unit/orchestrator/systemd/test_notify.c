/* What the service manager would receive: a datagram socket of ours stands for it. */
#include "orchestrator/systemd/notify.h"

#include "tests/unit/unit.h"
#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64];

/* Listens at NOTIFY_SOCKET=name. */
static int peer_open(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	ck_assert_int_eq(
	        bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *peer_read(int fd)
{
	static char text[256];
	ssize_t len = recv(fd, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static const char *path_in_folder(void)
{
	static char path[96];

	snprintf(folder, sizeof(folder), "/tmp/notify-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	return path;
}

static const char *abstract_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "@selfless-notify-%d", (int)getpid());
	return name;
}

START_TEST(a_path)
{
	const char *path = path_in_folder();
	int peer = peer_open(path);
	struct notify *notify = notify_open();

	ck_assert(notify_is_wanted(notify));
	ck_assert(notify_send(notify, "READY=1\nSTATUS=web 1/1 ready"));
	ck_assert_str_eq(peer_read(peer), "READY=1\nSTATUS=web 1/1 ready");
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	/* its owner starts anew: another socket at the same place */
	close(peer);
	unlink(path);
	ck_assert(!notify_send(notify, "STATUS=nobody"));
	peer = peer_open(path);
	ck_assert(notify_send(notify, "STATUS=back"));
	ck_assert_str_eq(peer_read(peer), "STATUS=back");
	notify_close(notify);
	close(peer);
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(an_abstract_name)
{
	int peer = peer_open(abstract_name());
	struct notify *notify = notify_open();

	ck_assert(notify_send(notify, "STOPPING=1"));
	ck_assert_str_eq(peer_read(peer), "STOPPING=1");
	notify_close(notify);
	close(peer);
}
END_TEST

START_TEST(reloading_with_the_time)
{
	int peer = peer_open(abstract_name());
	struct notify *notify = notify_open();

	clock_fake(1234567);
	ck_assert(notify_reloading(notify));
	ck_assert_str_eq(peer_read(peer), "RELOADING=1\nMONOTONIC_USEC=1234567");
	clock_fake(-1);
	notify_close(notify);
	close(peer);
}
END_TEST

/* A peer that does not read: at some point a datagram does not fit any more, and we are told at once. */
START_TEST(never_blocks)
{
	int peer = peer_open(abstract_name()), sent = 0;
	struct notify *notify = notify_open();

	while (sent < 100000 && notify_send(notify, "WATCHDOG=1"))
		sent++;
	ck_assert_int_gt(sent, 0);
	ck_assert_int_lt(sent, 100000);
	ck_assert_str_eq(peer_read(peer), "WATCHDOG=1");
	ck_assert(notify_send(notify, "WATCHDOG=1"));
	notify_close(notify);
	close(peer);
}
END_TEST

START_TEST(nobody_wants_to_hear)
{
	static const char *const useless[] = {"", "x", "@", "/", "vsock:2:1234", "relative/path"};
	char long_name[200];
	struct notify *notify;

	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "1000000", 1);
	notify = notify_open();
	ck_assert(!notify_is_wanted(notify));
	ck_assert_int_eq(notify_watchdog_us(notify), 0);
	ck_assert(notify_send(notify, "READY=1"));
	notify_close(notify);
	for (size_t i = 0; i <= sizeof(useless) / sizeof(useless[0]); i++) {
		memset(long_name, '/', sizeof(long_name) - 1);
		long_name[sizeof(long_name) - 1] = '\0';
		setenv("NOTIFY_SOCKET", i < sizeof(useless) / sizeof(useless[0]) ? useless[i] : long_name, 1);
		notify = notify_open();
		ck_assert_msg(!notify_is_wanted(notify), "row %zu", i);
		notify_close(notify);
	}
	notify_close(NULL);
}
END_TEST

START_TEST(watchdog)
{
	char ours[16], parents[16];

	const struct {
		const char *usec, *pid;
		int64_t is;
	} rows[] = {{"20000000", NULL, 20000000},
	            {"20000000", ours, 20000000},
	            {"20000000", parents, 0},
	            {"20000000", "me", 0},
	            {"0", NULL, 0},
	            {"-5", NULL, 0},
	            {"1s", NULL, 0},
	            {"", NULL, 0},
	            {"99999999999999999999", NULL, 0},
	            {NULL, ours, 0}};

	snprintf(ours, sizeof(ours), "%d", (int)getpid());
	snprintf(parents, sizeof(parents), "%d", (int)getppid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct notify *notify;

		setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
		unsetenv("WATCHDOG_USEC");
		if (rows[i].usec != NULL)
			setenv("WATCHDOG_USEC", rows[i].usec, 1);
		if (rows[i].pid != NULL)
			setenv("WATCHDOG_PID", rows[i].pid, 1);
		notify = notify_open();
		ck_assert_msg(notify_watchdog_us(notify) == rows[i].is, "row %zu", i);
		ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
		ck_assert_ptr_null(getenv("WATCHDOG_PID"));
		notify_close(notify);
	}
}
END_TEST

UNIT_MAIN("notify", a_path, an_abstract_name, reloading_with_the_time, never_blocks, nobody_wants_to_hear, watchdog)
