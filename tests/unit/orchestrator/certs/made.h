/* made: certificates in a folder of the test's own, made by the openssl command. */
#pragma once

#include "common/mem.h"

#include <check.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char made_folder[64];

static inline void run_shell(char *command)
{
	char shell[] = "sh", run[] = "-c";
	char *argv[] = {shell, run, command, NULL};
	pid_t child;
	int status = -1;

	ck_assert_int_eq(posix_spawnp(&child, shell, NULL, NULL, argv, environ), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(status == 0, "%s", command);
}

static inline void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In the folder; silent, and it must succeed. */
static inline void shell(const char *format, ...)
{
	char command[2048], whole[2200];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "cd %s && ( %s ) >log 2>&1", made_folder, command);
	run_shell(whole);
}

static inline void made_open(void)
{
	snprintf(made_folder, sizeof(made_folder), "/tmp/certsXXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(made_folder));
}

static inline void made_close(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", made_folder);
	run_shell(command);
}

/* NAME.pem and NAME.key, signed by itself. key: "ec" or "rsa:2048"; names: "DNS:a.example,DNS:*.b.example". */
static inline void make_pair(const char *name, const char *key, const char *names, int days)
{
	shell("openssl req -x509 -newkey %s -nodes -keyout %s.key -out %s.pem -days %d -subj /O=Test/CN=x -addext subjectAltName=%s",
	      key[0] == 'e' ? "ec -pkeyopt ec_paramgen_curve:P-256" : key, name, name, days, names);
}

/* from, until: YYYYMMDDHHMMSSZ */
static inline void make_dated(const char *name, const char *key, const char *names, const char *from, const char *until)
{
	make_pair(name, key, names, 1);
	shell("printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\n[p]\\n"
	      "commonName=optional\\n' >ca.cnf; : >index; echo 01 >serial; echo subjectAltName=%s >ext; openssl req -new -key %s.key -subj /CN=x "
	      "-out x.csr && openssl ca -batch -config ca.cnf -selfsign -keyfile %s.key -in x.csr -out %s.pem -notext -startdate %s -enddate %s "
	      "-extfile ext",
	      names, name, name, name, from, until);
}

/* One whose time is over. */
static inline void make_expired(const char *name, const char *names)
{
	make_dated(name, "ec", names, "20200101000000Z", "20200201000000Z");
}

static inline char *made_path(const char *name)
{
	return mem_format("%s/%s", made_folder, name);
}
