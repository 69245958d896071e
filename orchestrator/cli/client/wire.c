/* wire: libcurl, one easy handle.
 *
 *   the unix socket of the configuration, be that good or bad -> nobody there, or not its orchestrator -> the address
 *
 * The token goes where the caller points and nowhere else: no proxy, no redirect, no protocol but HTTP.
 */
#include "orchestrator/cli/client/wire.h"

#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/cli/client/admin_address.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/config/config_salvage.h"
#include "orchestrator/base/token.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000L
#define SOCKET_TROUBLE_SIZE 200
#define UNIX "unix:"
#define MISDIRECTED 421
#define STREAM_SILENCE_S 15L /* a stream has numbers each second */
#define REFUSAL_MAX 65536

struct wire {
	CURL *easy;
	struct curl_slist *fields;
	char address[ADMIN_ADDRESS_SIZE]; /* "": the socket alone */
	char *socket;                     /* a path; NULL: the address alone */
	char *name;                       /* of the orchestrator that is meant */
	char *doubt;                      /* what is wrong with the configuration; NULL: nothing */
	char *asked_at;                   /* the one of the two that was asked last */
	char socket_trouble[SOCKET_TROUBLE_SIZE];
	int timeout_ms;
	struct buf *reply;
	wire_taker *taker; /* NULL: the reply takes it all */
	void *taker_arg;
	struct err *taker_err;
	bool taken; /* the taker ended it */
};

/* --- where, and with which token ------------------------------------------------------------------------------- */

static bool read_token(const struct client_settings *settings, const struct config *config, char **token,
                       struct err *err)
{
	const char *path = settings->token_file != NULL ? settings->token_file : config->admin_token_file;

	*token = NULL;
	if (path[0] == '\0' || token_read(path, token, err))
		return true;
	return err_prefix(err, "%s", settings->token_file != NULL ? "--token-file" : "admin_token_file");
}

/* As --admin says: an address, or unix:PATH. */
static bool find_given(struct wire *wire, const char *admin, struct err *err)
{
	if (strncmp(admin, UNIX, strlen(UNIX)) != 0)
		return admin_address_check(admin, wire->address, err);
	wire->socket = mem_dup(admin + strlen(UNIX));
	return true;
}

/* The socket first. An address that nobody can be asked at is missed only where there is no socket. */
static void find_configured(struct wire *wire, const struct config *config)
{
	struct err none;

	wire->socket = mem_format("%s/admin.sock", config->socket_dir);
	if (!admin_address_pick(&config->admin, wire->address, &none))
		wire->address[0] = '\0';
}

/* A file that is bad tells where its orchestrator is all the same: whoever has spoilt it wants to know what runs. NULL with
 * an error: nothing tells. */
static struct config *load(const struct client_settings *settings, char **doubt, struct err *err)
{
	const char *path = settings->config_path;
	struct config *config = NULL;
	struct err none;

	if (config_load(path, &config, err))
		return config;
	if (config_salvage(path, &config, &none) || (settings->admin != NULL && config_load(NULL, &config, &none)))
		*doubt = mem_dup(err->message);
	else
		err_set(err, "%s\nWhat runs can be asked all the same: --admin unix:/run/NAME/admin.sock says where",
		        err->message);
	return config;
}

static bool find(const struct client_settings *settings, struct wire *wire, char **token, struct err *err)
{
	struct config *config = load(settings, &wire->doubt, err);

	if (config == NULL)
		return false;
	if (settings->admin == NULL)
		find_configured(wire, config);
	bool ok = settings->admin == NULL || find_given(wire, settings->admin, err);
	/* The socket knows who one is by itself: a configured token that may not be read is missed at an address alone. */
	struct err unread;
	if (ok && !read_token(settings, config, token, &unread) &&
	    (settings->token_file != NULL || wire->socket == NULL))
		ok = err_set(err, "%s", unread.message);
	wire->name = mem_dup(settings->admin != NULL ? "localhost" : config->name);
	config_free(config);
	return ok;
}

static void add_field(struct wire *wire, const char *field)
{
	wire->fields = mem_must(curl_slist_append(wire->fields, field));
}

static void set_up(struct wire *wire, const char *token, int timeout_ms)
{
	add_field(wire, "Content-Type: application/json");
	add_field(wire, "Expect:");
	if (token != NULL) {
		char *field = mem_format("Authorization: Bearer %s", token);
		add_field(wire, field);
		free(field);
	}
	wire->timeout_ms = timeout_ms;
	wire->easy = mem_must(curl_easy_init());
	curl_easy_setopt(wire->easy, CURLOPT_HTTPHEADER, wire->fields);
	curl_easy_setopt(wire->easy, CURLOPT_PROXY, ""); /* whatever http_proxy says */
	curl_easy_setopt(wire->easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(wire->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(wire->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(wire->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
}

bool wire_open(const struct client_settings *settings, int timeout_ms, struct wire **result, struct err *err)
{
	struct wire *wire = mem_zero(sizeof(*wire));
	char *token = NULL;

	if (!find(settings, wire, &token, err)) {
		wire_close(wire);
		err->code = WIRE_BAD_USAGE;
		return false;
	}
	set_up(wire, token, timeout_ms);
	free(token);
	*result = wire;
	return true;
}

void wire_close(struct wire *wire)
{
	if (wire == NULL)
		return;
	curl_easy_cleanup(wire->easy);
	curl_slist_free_all(wire->fields);
	free(wire->socket);
	free(wire->name);
	free(wire->doubt);
	free(wire->asked_at);
	free(wire);
}

const char *wire_address(const struct wire *wire)
{
	return wire->asked_at;
}

const char *wire_doubt(const struct wire *wire)
{
	return wire->doubt;
}

/* --- asking ---------------------------------------------------------------------------------------------------- */

static bool is_good(struct wire *wire)
{
	long status = 0;

	curl_easy_getinfo(wire->easy, CURLINFO_RESPONSE_CODE, &status);
	return status / 100 == 2;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct wire *wire = arg;
	size_t len = size * count;

	if (wire->taker == NULL || !is_good(wire))
		return buf_add(wire->reply, data, len) ? len : 0;
	wire->taken = !wire->taker(data, len, wire->taker_arg, wire->taker_err);
	return wire->taken ? 0 : len;
}

static bool is_nobody(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
}

static const char *trouble_of(struct wire *wire, CURLcode code)
{
	long number = 0;

	curl_easy_getinfo(wire->easy, CURLINFO_OS_ERRNO, &number);
	return number != 0 ? strerror((int)number) : curl_easy_strerror(code);
}

static bool no_reply(struct wire *wire, CURLcode code, struct err *err)
{
	const char *trouble = trouble_of(wire, code);

	if (is_nobody(code))
		return err_set_code(
		        err, WIRE_NOBODY,
		        "no orchestrator answers at %s (%s)%s: does it run? Say where it is with -c FILE, its "
		        "configuration, or --admin ADDRESS:PORT",
		        wire->asked_at, trouble, wire->socket_trouble);
	bool lost = code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
	            code == CURLE_PARTIAL_FILE;
	return err_set_code(err, lost ? WIRE_LOST : WIRE_TROUBLE, "the orchestrator at %s gave no answer (%s)",
	                    wire->asked_at, trouble);
}

/* A reply that is no 2xx: its "detail" (RFC 9457), and what can be done here. */
static bool refused(const struct wire *wire, long status, struct buf *reply, struct err *err)
{
	struct json_doc *doc = NULL;
	char *detail = NULL;

	if (json_parse(buf_text(reply), reply->len, NULL, &doc, NULL))
		detail = json_dup_text(json_get(json_root(doc), "detail"));
	json_free(doc);
	if (detail == NULL)
		err_set(err, "what answers at %s (status %ld) is no orchestrator's admin API: is the address right?",
		        wire->asked_at, status);
	else if (status == 401)
		err_set(err,
		        "the orchestrator at %s asks for its token, or for another one: --token-file FILE, with the "
		        "text of its admin_token_file",
		        wire->asked_at);
	else
		err_set(err, "refused: %s", detail);
	err->code = WIRE_REFUSED;
	free(detail);
	return false;
}

static CURLcode perform(struct wire *wire, const char *host, const char *path, struct buf *reply, long *status)
{
	char *url = mem_format("http://%s%s", host, path);

	buf_reset(reply);
	*status = 0;
	curl_easy_setopt(wire->easy, CURLOPT_URL, url);
	free(url);
	CURLcode code = curl_easy_perform(wire->easy);
	if (code == CURLE_OK)
		curl_easy_getinfo(wire->easy, CURLINFO_RESPONSE_CODE, status);
	return code;
}

static void set_asked_at(struct wire *wire, char *asked_at)
{
	free(wire->asked_at);
	wire->asked_at = asked_at;
}

/* Nothing was ordered by a request that ends in false: nobody took it, or another orchestrator, which says so. */
static bool ask_socket(struct wire *wire, const char *path, struct buf *reply, CURLcode *code, long *status)
{
	wire->socket_trouble[0] = '\0';
	if (wire->socket == NULL)
		return false;
	set_asked_at(wire, mem_format(UNIX "%s", wire->socket));
	curl_easy_setopt(wire->easy, CURLOPT_UNIX_SOCKET_PATH, wire->socket);
	*code = perform(wire, wire->name, path, reply, status);
	curl_easy_setopt(wire->easy, CURLOPT_UNIX_SOCKET_PATH, NULL);
	if (wire->address[0] == '\0' || (!is_nobody(*code) && *status != MISDIRECTED))
		return true;
	snprintf(wire->socket_trouble, sizeof(wire->socket_trouble), ", nor at %s (%s)", wire->asked_at,
	         *code == CURLE_OK ? "another one's" : trouble_of(wire, *code));
	return false;
}

/* Once, at the socket or the address. */
static CURLcode ask(struct wire *wire, const char *method, const char *path, const char *body, struct buf *reply,
                    long *status)
{
	CURLcode code;

	wire->reply = reply;
	curl_easy_setopt(wire->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(wire->easy, CURLOPT_HTTPGET, 1L);
	if (body != NULL)
		curl_easy_setopt(wire->easy, CURLOPT_COPYPOSTFIELDS, body);
	curl_easy_setopt(wire->easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(wire->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(wire->easy, CURLOPT_WRITEDATA, wire);
	if (!ask_socket(wire, path, reply, &code, status)) {
		set_asked_at(wire, mem_dup(wire->address));
		code = perform(wire, wire->address, path, reply, status);
	}
	return code;
}

static void set_patience(struct wire *wire, long total_ms, long silence_s)
{
	curl_easy_setopt(wire->easy, CURLOPT_TIMEOUT_MS, total_ms);
	curl_easy_setopt(wire->easy, CURLOPT_LOW_SPEED_LIMIT, silence_s > 0 ? 1L : 0L);
	curl_easy_setopt(wire->easy, CURLOPT_LOW_SPEED_TIME, silence_s);
}

bool wire_stream(struct wire *wire, const char *path, wire_taker *taker, void *arg, struct err *err)
{
	struct buf reply;
	long status;

	wire->taker = taker;
	wire->taker_arg = arg;
	wire->taker_err = err;
	wire->taken = false;
	buf_init(&reply, REFUSAL_MAX);
	set_patience(wire, 0, STREAM_SILENCE_S);
	CURLcode code = ask(wire, "GET", path, NULL, &reply, &status);
	set_patience(wire, wire->timeout_ms, 0);
	wire->taker = NULL;
	if (wire->taken)
		; /* err is the taker's */
	else if (code != CURLE_OK)
		no_reply(wire, code, err);
	else if (status / 100 != 2)
		refused(wire, status, &reply, err);
	else
		err_set_code(err, WIRE_LOST, "the orchestrator at %s has ended", wire->asked_at);
	buf_clear(&reply);
	return false;
}

bool wire_ask(struct wire *wire, const char *method, const char *path, const char *body, struct buf *reply,
              struct err *err)
{
	long status;
	CURLcode code = ask(wire, method, path, body, reply, &status);

	if (code != CURLE_OK)
		return no_reply(wire, code, err);
	return status / 100 == 2 || refused(wire, status, reply, err);
}
