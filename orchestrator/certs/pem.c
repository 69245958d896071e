/* pem: a file is read whole first, by one open and bounded, so that what is judged is what was read. */
#include "orchestrator/certs/pem.h"

#include "common/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 262144
#define PIECE_BYTES 16384u
#define CHAIN_MAX 16

/* --- files ----------------------------------------------------------------------------------------------------- */

static struct pem_mark mark_of(const struct stat *st)
{
	return (struct pem_mark){.size = st->st_size,
	                         .changed_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
	                         .inode = st->st_ino,
	                         .device = st->st_dev};
}

bool pem_look(const char *path, struct pem_mark *mark)
{
	struct stat st;

	*mark = (struct pem_mark){0};
	if (stat(path, &st) == -1)
		return false;
	*mark = mark_of(&st);
	return true;
}

bool pem_same(const struct pem_mark *a, const struct pem_mark *b)
{
	return a->size == b->size && a->changed_ns == b->changed_ns && a->inode == b->inode && a->device == b->device;
}

/* Straight to where it stays: a copy would have to be wiped, too. */
static bool read_bytes(int fd, const char *path, struct buf *text, struct err *err)
{
	for (;;) {
		size_t most = text->max - text->len < PIECE_BYTES ? text->max - text->len : PIECE_BYTES;
		char *room = buf_room(text, most), one_more;
		ssize_t got = most > 0 ? read(fd, room, most) : read(fd, &one_more, 1);
		if (got == -1)
			return err_set_errno(err, errno, "%s: cannot be read", path);
		if (got == 0)
			return true;
		if (most == 0)
			return err_set(err, "%s: is larger than %d bytes", path, FILE_BYTES_MAX);
		buf_extend(text, (size_t)got);
	}
}

static bool read_open(int fd, const char *path, struct buf *text, struct stat *st, struct err *err)
{
	if (fstat(fd, st) == -1)
		return err_set_errno(err, errno, "%s: cannot be read", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, "%s: is not a file", path);
	return read_bytes(fd, path, text, err);
}

static bool read_file(const char *path, struct buf *text, struct stat *st, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return err_set_errno(err, errno, "%s: cannot be opened", path);
	bool ok = read_open(fd, path, text, st, err);
	close(fd);
	return ok;
}

/* --- certificates ---------------------------------------------------------------------------------------------- */

static bool ended_well(void)
{
	unsigned long code = ERR_peek_last_error();

	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static bool parse_chain(const char *path, BIO *from, STACK_OF(X509) * chain, struct err *err)
{
	X509 *one;

	ERR_clear_error();
	while ((one = PEM_read_bio_X509(from, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_num(chain) == CHAIN_MAX) {
			X509_free(one);
			return err_set(err, "%s: has more than %d certificates", path, CHAIN_MAX);
		}
		sk_X509_push(chain, one);
	}
	if (!ended_well())
		return err_set(err, "%s: certificate %d is damaged (%s)", path, sk_X509_num(chain) + 1,
		               ERR_reason_error_string(ERR_peek_last_error()));
	if (sk_X509_num(chain) == 0)
		return err_set(
		        err,
		        "%s: has no certificate (\"-----BEGIN CERTIFICATE-----\"); it must be a PEM file with the "
		        "certificate and its chain",
		        path);
	return true;
}

bool pem_parse_chain(const char *path, const char *text, STACK_OF(X509) * *chain, struct err *err)
{
	STACK_OF(X509) *made = sk_X509_new_null();
	BIO *from = BIO_new_mem_buf(text, -1);
	bool ok = parse_chain(path, from, made, err);

	BIO_free(from);
	if (ok)
		*chain = made;
	else
		sk_X509_pop_free(made, X509_free);
	return ok;
}

bool pem_read_chain(const char *path, STACK_OF(X509) * *chain, struct pem_mark *mark, struct err *err)
{
	struct stat st = {0};
	struct buf text;

	buf_init(&text, FILE_BYTES_MAX);
	bool ok = read_file(path, &text, &st, err) && pem_parse_chain(path, buf_text(&text), chain, err);
	buf_clear(&text);
	*mark = mark_of(&st);
	return ok;
}

/* --- keys ------------------------------------------------------------------------------------------------------ */

struct asked {
	bool password;
};

static int on_password(char *to, int size, int writing, void *arg)
{
	struct asked *asked = arg;

	(void)to;
	(void)size;
	(void)writing;
	asked->password = true;
	return -1;
}

static bool parse_key(const char *path, BIO *from, EVP_PKEY **key, struct err *err)
{
	struct asked asked = {false};

	ERR_clear_error();
	*key = PEM_read_bio_PrivateKey(from, NULL, on_password, &asked);
	if (*key != NULL)
		return true;
	if (asked.password)
		return err_set(err, "%s: the key is encrypted; write it anew without: openssl pkey -in KEY -out NEWKEY",
		               path);
	return err_set(err, "%s: has no private key that could be read (%s)", path,
	               ERR_reason_error_string(ERR_peek_last_error()));
}

static bool others_may(const struct stat *st, mode_t what)
{
	return (st->st_mode & what) != 0;
}

bool pem_read_key(const char *path, EVP_PKEY **key, struct pem_mark *mark, bool *readable, struct err *err)
{
	struct stat st = {0};
	struct buf text;
	BIO *from = NULL;

	buf_init_secret(&text, FILE_BYTES_MAX);
	bool ok = read_file(path, &text, &st, err);
	if (ok && others_may(&st, S_IWGRP | S_IWOTH))
		ok = err_set(err, "%s: others may write it, so it may be anybody's key; chmod 600 %s", path, path);
	if (ok) {
		from = BIO_new_mem_buf(buf_text(&text), (int)text.len);
		ok = parse_key(path, from, key, err);
	}
	BIO_free(from);
	buf_clear(&text);
	*mark = mark_of(&st);
	*readable = others_may(&st, S_IROTH);
	return ok;
}
