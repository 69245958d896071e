/* config: what the orchestrator was told to be. The tables in config_tables.c are the only list of keys: the file,
 * --print-config, the reference in docs and the checks are made from them.
 *
 * A config is read whole, checked whole and then never changed; a reload makes a new one.
 */
#pragma once

#include "common/err.h"
#include "orchestrator/base/options.h"
#include "orchestrator/engine/engine.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum config_half_close { CONFIG_HALF_CLOSE_ANSWER, CONFIG_HALF_CLOSE_CANCEL };
enum config_http1 { CONFIG_HTTP1_OWN, CONFIG_HTTP1_EVHTTP };
enum config_tls_version { CONFIG_TLS_1_2, CONFIG_TLS_1_3 };
enum config_formula { CONFIG_FORMULA_CEIL, CONFIG_FORMULA_FLOOR_PLUS_1 };

#define CONFIG_DOCKER_SOCKET "/var/run/docker.sock" /* unless the file says otherwise, */
#define CONFIG_LISTEN "0.0.0.0:80"                  /* both of them */

struct config_health {
	char *path;
	int64_t interval_ms;
	int64_t timeout_ms;
	int64_t fall;     /* soft faults in a row until it is replaced */
	int64_t start_ms; /* how long a container may take to its first good probe */
};

struct config_scale {
	int64_t window_s;
	int64_t requests_per_container;
	int formula; /* enum config_formula */
	bool early;
	int64_t min;
	int64_t max;
	int64_t spares;
	bool spread;                /* over hosts */
	struct strings count;       /* path prefixes */
	struct strings not_counted; /* path prefixes */
};

struct config_service {
	char *name;
	char *image;
	struct strings command;
	int64_t port;
	int64_t first_port;
	struct strings publish;
	int reach; /* enum engine_reach */
	struct strings volumes;
	bool local_volumes;                           /* of several hosts each may have its own */
	struct strings env;                           /* "KEY=value" */
	int64_t memory_mb;                            /* 0 = no limit */
	double cpus;                                  /* 0 = no limit */
	bool late_network;                            /* a slot's container gets its network once it runs */
	int64_t roll_port;                            /* host port for rolls; 0 = first_port + max + spares */
	int64_t response_timeout_ms, idle_timeout_ms; /* 0 = the global ones */
	struct strings hosts;                         /* as written: see host_name; empty: all that nobody names */
	struct strings routes;
	struct strings private_paths;
	struct config_health health;
	struct config_scale scale;
};

struct config_certificate {
	char *cert, *key; /* absolute paths of PEM files */
};

struct config_tls {
	struct strings listen;            /* "ADDR:PORT"; empty = no TLS */
	struct option_array certificates; /* struct config_certificate; the first is the default */
	int min_version;                  /* enum config_tls_version */
	bool strict_sni;
	bool redirect; /* what comes in clear for a host with a certificate */
	int64_t redirect_port;
	int64_t hsts_s; /* 0 = none */
	int64_t max_handshakes_per_s;
};

struct config_acme {
	bool agree_to_terms;
	char *email;               /* "" = none */
	char *directory;           /* URL */
	char *fallback;            /* a second one's; "" = none */
	char *ca_file;             /* "" = what this machine trusts */
	char *profile;             /* "" = the CA's default */
	struct strings challenges; /* see acme_challenges */
	char *eab_kid, *eab_key_file;
	struct strings names; /* hosts as written, beyond those of services and redirects */
};

struct config_swarm {
	struct strings peers; /* "ADDR:PORT" of the orchestrators' admin */
	char *token_file;     /* "" = none */
	int64_t poll_ms;
};

struct config_redirect {
	char *from, *to; /* hosts as written: see host_name */
	int64_t code;
};

struct config {
	struct strings listen; /* "ADDR:PORT" */
	struct strings admin;
	char *admin_token_file; /* "" = none */
	int engine;             /* index into engines[] */
	char *docker_socket;
	char *name;
	char *access_log; /* "off", "-" or a path */
	int log_level;    /* enum log_level */
	char *socket_dir; /* "" = /run/NAME */
	char *state_dir;  /* "" = /var/lib/NAME */
	int64_t hold_ms, hold_max;
	int64_t head_timeout_ms, idle_timeout_ms, connect_timeout_ms, response_timeout_ms, drain_ms, stop_ms;
	int64_t max_head_bytes, max_body_bytes, max_buffered_bytes, max_connections;
	int http1;                      /* enum config_http1 */
	int half_close;                 /* enum config_half_close */
	struct strings trusted_proxies; /* CIDR */
	struct config_acme acme;
	char *acme_challenge_dir;           /* "" = none */
	struct strings proxy_protocol_from; /* CIDR */
	struct config_tls tls;
	struct config_swarm swarm;
	struct option_array redirects; /* struct config_redirect */
	struct option_array services;  /* struct config_service */
};

size_t config_certificate_count(const struct config *config);
const struct config_certificate *config_certificate_at(const struct config *config, size_t index);

size_t config_redirect_count(const struct config *config);
const struct config_redirect *config_redirect_at(const struct config *config, size_t index);
size_t config_service_count(const struct config *config);
const struct config_service *config_service_at(const struct config *config, size_t index);

/* Host ports a service may use: [first_port, config_port_end). */
int64_t config_port_span(const struct config_service *service);
int64_t config_port_end(const struct config_service *service);

#define CONFIG_KEY_SIZE 32 /* bytes */

/* Do two configs make the same containers for this service? The hash covers image, command, env, volumes, limits,
 * ports, publish and reach: what a container cannot change after it was made. 16 hex digits and a NUL; another key gives
 * another hash. */
void config_spec_hash(const struct config *config, const struct config_service *service,
                      const unsigned char key[CONFIG_KEY_SIZE], char hash[ENGINE_SPEC_SIZE]);
