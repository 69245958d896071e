/* config_tables: every key there is, with its type, range, default and meaning.
 *
 * The reference in docs/ is printed from here, so a sentence changed here changes there.
 */
#include "orchestrator/config/config_tables.h"

#include "common/log.h"
#include "orchestrator/config/config.h"
#include "orchestrator/engine/engines.h"

#include <limits.h>

static const char *const reach_words[] = {"published", "bridge", "socket", NULL};
static const char *const formula_words[] = {"ceil", "floor+1", NULL};
static const char *const half_close_words[] = {"answer", "cancel", NULL};
static const char *const http1_words[] = {"own", "evhttp", NULL};
static const char *const tls_version_words[] = {"1.2", "1.3", NULL};
static const char *const log_words[] = {"error", "warn", "info", "debug", NULL};

#define HOUR_MS 3600000
#define MIB 1048576.0

#define AT(member) offsetof(struct config_health, member)
static const struct option health_options[] = {
        {"path", OPTION_TEXT, AT(path), 1, 1024, "\"/\"", .reloadable = true,
         .help = "Path that is asked; 2xx and 3xx are good, 5xx is a hard fault."},
        {"interval_ms", OPTION_INT, AT(interval_ms), 10, HOUR_MS, "1000", .reloadable = true, .unit = "ms",
         .help = "Time from one probe of a container to the next."},
        {"timeout_ms", OPTION_INT, AT(timeout_ms), 10, HOUR_MS, "1000", .reloadable = true, .unit = "ms",
         .help = "A probe without an answer by then is a soft fault."},
        {"fall", OPTION_INT, AT(fall), 1, 100, "2", .reloadable = true,
         .help = "Soft faults in a row after which the container is replaced."},
        {"start_ms", OPTION_INT, AT(start_ms), 100, HOUR_MS, "30000", .reloadable = true, .unit = "ms",
         .help = "Time a new container has until its first good probe."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_scale, member)
static const struct option scale_options[] = {
        {"window_s", OPTION_INT, AT(window_s), 1, 86400, "120", .reloadable = true, .unit = "s",
         .help = "Length of a scaling window."},
        {"requests_per_container", OPTION_INT, AT(requests_per_container), 1, 1e9, "20", .reloadable = true,
         .help = "Requests of one window that one container is wanted for."},
        {"formula", OPTION_ENUM, AT(formula), 0, 0, "\"ceil\"", .words = formula_words, .reloadable = true,
         .help = "ceil: n / requests_per_container rounded up. floor+1: rounded down, and one more."},
        {"early", OPTION_BOOL, AT(early), 0, 0, "true", .reloadable = true,
         .help = "Grow within the window as soon as its count asks for it, not only at its end."},
        {"min", OPTION_INT, AT(min), 0, 1000, "1", .reloadable = true,
         .help = "Fewest containers; 0: stopped after a window without requests, the next one waits for the start."},
        {"max", OPTION_INT, AT(max), 1, 1000, "10", .reloadable = true, .help = "Most containers."},
        {"spares", OPTION_INT, AT(spares), 0, 100, "0", .reloadable = true,

         .help = "Containers that run ahead, paused, to stand in after a fault. Engine swarm: they are not paused, and get no requests "
                 "until then."},
        {"spread", OPTION_BOOL, AT(spread), 0, 0, "true", .reloadable = true,
         .help = "Engine swarm: each new container comes to the node that has the fewest slots of the service, then the fewest of its "
                 "spares, so that they share none as long as there are enough that answer. false: Swarm chooses."},
        {"count", OPTION_TEXTS, AT(count), 0, 64, "[]", .otherwise = "the service's routes", .reloadable = true,
         .help = "Path prefixes of the requests that are counted."},
        {"not_counted", OPTION_TEXTS, AT(not_counted), 0, 64, "[]", .reloadable = true,
         .help = "Path prefixes among them that are not."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_service, member)
const struct option config_service_options[] = {
        {"name", OPTION_TEXT, AT(name), 1, 63, NULL, .reloadable = true,
         .help = "Name of the service; its containers are NAME_0, NAME_1, ..., and find each other by it. By another name it is "
                 "another service."},
        {"image", OPTION_TEXT, AT(image), 0, 255, "\"\"", .reloadable = true,
         .help = "Image its containers are made from.", .note = engines_note},
        {"command", OPTION_TEXTS, AT(command), 0, 256, "[]", .reloadable = true,
         .help = "Command and arguments; empty: the image's own.", .note = engines_note},
        {"port", OPTION_INT, AT(port), 1, 65535, "8000", .reloadable = true, .help = "Port inside the container."},
        {"first_port", OPTION_INT, AT(first_port), 0, 65535, "0", .reloadable = true,
         .help = "Host port of slot 0; slot i has first_port + i. 0: the first free range from 8000 on."},
        {"publish", OPTION_TEXTS, AT(publish), 0, 8, "[\"127.0.0.1\"]", .reloadable = true,
         .help = "Host addresses that the containers' ports are published on.", .note = engines_note},
        {"reach", OPTION_ENUM, AT(reach), 0, 0, "\"published\"", .words = reach_words, .reloadable = true,
         .help = "How the proxy gets to a container: its published port, its address on the bridge, or a unix socket "
                 "in a directory mounted at /run/selfless (the image must listen as LISTEN says)."},
        {"volumes", OPTION_TEXTS, AT(volumes), 0, 64, "[]", .reloadable = true,
         .help = "Volumes, as NAME:/path or /host/path:/path, with :ro if wanted.", .note = engines_note},
        {"local_volumes", OPTION_BOOL, AT(local_volumes), 0, 0, "false", .reloadable = true,
         .help = "Engine swarm: each host may have volumes of its own under the names in volumes. Without it they are "
                 "refused, since a container that comes to another host does not find what it wrote."},
        {"env", OPTION_ENV, AT(env), 0, 256, "{}", .reloadable = true, .help = "Environment of the containers."},
        {"memory_mb", OPTION_INT, AT(memory_mb), 0, 1048576, "0", .reloadable = true, .unit = "MiB",
         .help = "Memory limit of a container; 0: none. Engine process: of its address space."},
        {"cpus", OPTION_REAL, AT(cpus), 0, 1024, "0", .reloadable = true,
         .help = "CPU limit of a container, in processors; 0: none. Engine process: as root, by a control group."},
        {"late_network", OPTION_BOOL, AT(late_network), 0, 0, "false", .reloadable = true,
         .help = "Start a slot's container before Docker gives it its network and port, and its program once it has "
                 "them: a replacement then does not wait until Docker has freed the dead one's port. A small program "
                 "of ours, mounted at /.selfless-await from state_dir, runs first in it and waits.",
         .note = engines_note},
        {"spare_port", OPTION_INT, AT(roll_port), 0, 65535, "0", .reloadable = true,
         .help = "Host port for the second container of a slot during a roll; 0: first_port + max + spares."},
        {"response_timeout_ms", OPTION_INT, AT(response_timeout_ms), 0, 24.0 * HOUR_MS, "0", .reloadable = true,
         .unit = "ms",
         .help = "As the global response_timeout_ms, for this service: event streams may be silent for minutes; 0: the "
                 "global one."},
        {"idle_timeout_ms", OPTION_INT, AT(idle_timeout_ms), 0, 24.0 * HOUR_MS, "0", .reloadable = true, .unit = "ms",
         .help = "As the global idle_timeout_ms, for this service's upgraded connections, and for clients that do not read "
                 "its replies; 0: the global one."},
        {"hosts", OPTION_TEXTS, AT(hosts), 0, 256, "[]", .reloadable = true,
         .help = "Hosts it serves: example.org, or *.example.org for all names below it, or an IP address; the exact name wins "
                 "over the longest *, and its services alone are asked. Empty: every host that no other service names."},
        {"routes", OPTION_TEXTS, AT(routes), 1, 64, "[\"/api/v1/\"]", .otherwise = "/api/v1/; with hosts: /",
         .reloadable = true,
         .help = "Path prefixes it serves; the longest prefix of all services wins, at a segment's end."},
        {"private", OPTION_TEXTS, AT(private_paths), 0, 64, "[]", .reloadable = true,
         .help = "Path prefixes answered 403 from outside."},
        {"health", OPTION_TABLE, AT(health), .table = health_options, .reloadable = true, .help = "Health checks."},
        {"scale", OPTION_TABLE, AT(scale), .table = scale_options, .reloadable = true, .help = "Scaling."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_certificate, member)
static const struct option certificate_options[] = {
        {"cert", OPTION_TEXT, AT(cert), 1, 1024, NULL, .reloadable = true,
         .help = "PEM file with the certificate and, behind it, those of its chain."},
        {"key", OPTION_TEXT, AT(key), 1, 1024, NULL, .reloadable = true,
         .help = "PEM file with its private key, readable by the orchestrator's user alone."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_tls, member)
static const struct option tls_options[] = {
        {"listen", OPTION_TEXTS, AT(listen), 0, 16, "[]",
         .help = "Addresses that speak TLS, as ADDRESS:PORT, such as 0.0.0.0:443."},
        {"certificates", OPTION_TABLES, AT(certificates), .table = certificate_options,
         .item_size = sizeof(struct config_certificate), .min = 0, .max = 1024, .reloadable = true,
         .help = "Certificates and their keys; paths are absolute or relative to this file's folder. Which names one is for it "
                 "says itself (subjectAltName). The first is shown for names that no certificate has. A change of the files is "
                 "noticed within 60 s; one that is bad leaves the former in force."},
        {"min_version", OPTION_ENUM, AT(min_version), 0, 0, "\"1.2\"", .words = tls_version_words, .reloadable = true,
         .help = "Oldest version of TLS that is spoken."},
        {"strict_sni", OPTION_BOOL, AT(strict_sni), 0, 0, "false", .reloadable = true,
         .help = "Refuse the handshake for a name that no certificate has, and for no name, instead of showing the first "
                 "certificate."},
        {"redirect", OPTION_BOOL, AT(redirect), 0, 0, "true", .reloadable = true,
         .help = "Answer 308, to the same target by https, what comes in clear for a host that has a good certificate. Not what a "
                 "trusted proxy says came by https, nor what our own containers ask for, nor ACME's challenges."},
        {"redirect_port", OPTION_INT, AT(redirect_port), 1, 65535, "443", .reloadable = true,
         .help = "Port in that answer: where clients reach an address of tls.listen."},
        {"hsts_s", OPTION_INT, AT(hsts_s), 0, 1e9, "0", .reloadable = true, .unit = "s",
         .help = "max-age of Strict-Transport-Security in replies over TLS, which browsers then keep to; 0: none is sent. A "
                 "container's own stays as it is."},
        {"max_handshakes_per_s", OPTION_INT, AT(max_handshakes_per_s), 1, 100000, "500", .reloadable = true,
         .help = "Most new TLS connections a second; more wait in the kernel until they are accepted."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_acme, member)
static const struct option acme_options[] = {
        {"agree_to_terms", OPTION_BOOL, AT(agree_to_terms), 0, 0, "false", .reloadable = true,
         .help = "You agree to the terms of service of the CA. Before that nothing is asked of it. Then each name in the hosts of "
                 "services and the from of redirects that no file covers gets a certificate by itself."},
        {"email", OPTION_TEXT, AT(email), 0, 254, "\"\"", .reloadable = true,
         .help = "Address that the CA may write to; empty: none."},
        {"directory", OPTION_TEXT, AT(directory), 9, 1024, "\"https://acme-v02.api.letsencrypt.org/directory\"",
         .reloadable = true,
         .help = "Where the CA is: the URL of its ACME directory. For trying, Let's Encrypt has one without tight limits, whose "
                 "certificates nobody trusts: https://acme-staging-v02.api.letsencrypt.org/directory."},
        {"fallback", OPTION_TEXT, AT(fallback), 0, 1024, "\"\"", .reloadable = true,
         .help = "A second CA: the URL of its ACME directory, for when the first one cannot be reached or refuses again and again and time "
                 "presses; empty: none. It must need no eab_kid. agree_to_terms, email, ca_file and challenges hold for it, too."},
        {"ca_file", OPTION_TEXT, AT(ca_file), 0, 1024, "\"\"", .reloadable = true,
         .help = "PEM file by which the CAs' own https is judged; empty: what this machine trusts."},
        {"profile", OPTION_TEXT, AT(profile), 0, 64, "\"\"", .reloadable = true,
         .help = "Kind of certificate, where the CA of directory has several, such as shortlived; empty: its default."},
        {"challenges", OPTION_TEXTS, AT(challenges), 1, 2, "[\"http-01\", \"tls-alpn-01\"]", .reloadable = true,
         .help = "How the CA is shown that a name is this machine's: http-01 (it comes to port 80) and tls-alpn-01 (to port 443). The "
                 "first that it offers is taken; after a failure the next one, and what went well is tried first the next time."},
        {"eab_kid", OPTION_TEXT, AT(eab_kid), 0, 256, "\"\"", .reloadable = true,
         .help = "Name of the key that the CA of directory gave out to bind accounts to one of its own (external account binding); empty: none."},
        {"eab_key_file", OPTION_TEXT, AT(eab_key_file), 0, 1024, "\"\"", .reloadable = true,
         .help = "File with that key, in base64url as the CA gave it."},
        {"names", OPTION_TEXTS, AT(names), 0, 256, "[]", .reloadable = true,
         .help = "Further names to get certificates for; names of one label, IP addresses and those that are no public domain's "
                 "(.local, .internal, .test, .example, ...) get one only here."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_swarm, member)
static const struct option swarm_options[] = {
        {"peers", OPTION_TEXTS, AT(peers), 0, 16, "[]",
         .help = "Admin addresses of all orchestrators of this name, as ADDRESS:PORT, this one's own among them or not: the one that "
                 "leads counts the requests of all for scaling. Empty: the addresses of the swarm's managers, with the port of an own "
                 "admin address that is not loopback; where there is none, or no token_file, it counts its own."},
        {"token_file", OPTION_TEXT, AT(token_file), 0, 1024, "\"\"",
         .help = "File with the token that they show each other; it opens nothing but /api/peer. Required with peers."},
        {"poll_ms", OPTION_INT, AT(poll_ms), 50, 5000, "250", .unit = "ms",
         .help = "How often services, tasks and nodes are listed while a container is on its way from one state to another; four times "
                 "as seldom otherwise. An event of the swarm brings a look at once."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_redirect, member)
static const struct option redirect_options[] = {
        {"from", OPTION_TEXT, AT(from), 1, 1024, NULL, .reloadable = true,
         .help = "Host that is asked: a name, without *."},
        {"to", OPTION_TEXT, AT(to), 1, 1024, NULL, .reloadable = true, .help = "Host that stands in its place."},
        {"code", OPTION_INT, AT(code), 301, 308, "308", .reloadable = true,
         .help = "Status: 301, 302, 307 or 308. With 307 and 308 the method stays."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config, member)
const struct option config_options[] = {
        {"listen", OPTION_TEXTS, AT(listen), 0, 16, "[\"" CONFIG_LISTEN "\"]",
         .help = "Addresses the proxy serves on in clear, as ADDRESS:PORT; empty only with tls.listen."},
        {"admin", OPTION_TEXTS, AT(admin), 0, 16, "[\"127.0.0.1:9090\"]",
         .help = "Addresses of the admin API, as ADDRESS:PORT. Engine swarm: node:PORT is the address that the swarm has of this host, "
                 "so that all hosts may have one file; it is opened once the engine has answered."},
        {"admin_token_file", OPTION_TEXT, AT(admin_token_file), 0, 1024, "\"\"",
         .help = "File with the token that admin asks for; required for an admin address that is not loopback."},
        {"engine", OPTION_ENUM, AT(engine), 0, 0, "\"docker\"", .words = &engines[0].name,
         .word_stride = sizeof(engines[0]), .help = "What makes the containers."},
        {"docker_socket", OPTION_TEXT, AT(docker_socket), 1, 107, "\"" CONFIG_DOCKER_SOCKET "\"",
         .help = "Socket of the Docker Engine.", .note = engines_note},
        {"name", OPTION_TEXT, AT(name), 2, 63, "\"selfless\"",
         .help = "Name of this orchestrator: label of its containers, and their network."},
        {"access_log", OPTION_TEXT, AT(access_log), 1, 1024, "\"off\"", .reloadable = true,
         .help = "off, - for standard output, or a file: one JSON line a request."},
        {"log_level", OPTION_ENUM, AT(log_level), 0, 0, "\"info\"", .words = log_words, .reloadable = true,
         .help = "Least important lines that are logged."},
        {"socket_dir", OPTION_TEXT, AT(socket_dir), 0, 90, "\"\"",
         .help = "Directory of the containers' unix sockets and of admin.sock; empty: /run/NAME."},
        {"state_dir", OPTION_TEXT, AT(state_dir), 0, 1024, "\"\"",
         .help = "Directory of what outlives a restart; empty: /var/lib/NAME."},
        {"hold_ms", OPTION_INT, AT(hold_ms), 0, HOUR_MS, "10000", .reloadable = true, .unit = "ms",
         .help = "How long a request may wait, in all, for a ready container; then 503."},
        {"hold_max", OPTION_INT, AT(hold_max), 0, 1e6, "1024", .reloadable = true,
         .help = "Most requests of one service that wait."},
        {"head_timeout_ms", OPTION_INT, AT(head_timeout_ms), 10, HOUR_MS, "10000", .reloadable = true, .unit = "ms",
         .help = "Time from the first byte of a request to the end of its head; then 408."},
        {"idle_timeout_ms", OPTION_INT, AT(idle_timeout_ms), 10, HOUR_MS, "60000", .reloadable = true, .unit = "ms",
         .help = "A connection on which nothing moves for so long is closed."},
        {"connect_timeout_ms", OPTION_INT, AT(connect_timeout_ms), 1, HOUR_MS, "1000", .reloadable = true, .unit = "ms",
         .help = "Time to connect to a container."},
        {"response_timeout_ms", OPTION_INT, AT(response_timeout_ms), 10, 24.0 * HOUR_MS, "30000", .reloadable = true,
         .unit = "ms", .help = "Time a container has for the head of its reply, and between two pieces of its body."},
        {"drain_ms", OPTION_INT, AT(drain_ms), 0, HOUR_MS, "30000", .reloadable = true, .unit = "ms",
         .help = "Time that requests in flight have when a container or the orchestrator is to stop."},
        {"stop_ms", OPTION_INT, AT(stop_ms), 0, HOUR_MS, "5000", .reloadable = true, .unit = "ms",
         .help = "Time between SIGTERM and SIGKILL for a container."},
        {"max_head_bytes", OPTION_INT, AT(max_head_bytes), 1024, MIB, "16384", .reloadable = true, .unit = "bytes",
         .help = "Longest request head; then 431."},
        {"max_body_bytes", OPTION_INT, AT(max_body_bytes), 0, 4095.0 * MIB, "16777216", .reloadable = true,
         .unit = "bytes",
         .help = "Longest request body; then 413. One that comes with less than 1 KiB a second, on average after 10 s, is "
                 "408."},
        {"max_buffered_bytes", OPTION_INT, AT(max_buffered_bytes), 65536, 1048576.0 * MIB, "268435456",
         .reloadable = true, .unit = "bytes",
         .help = "All request bodies, and requests that wait for a container, at one time; beyond, the bodies that come most "
                 "slowly are refused with 408, and where none is slow the newcomer with 503."},
        {"max_connections", OPTION_INT, AT(max_connections), 1, 1e6, "10000", .reloadable = true,
         .help = "Most client connections. For a further one the connection that has been idle longest is closed; where none "
                 "is idle it waits to be accepted."},
        {"http1", OPTION_ENUM, AT(http1), 0, 0, "\"own\"", .words = http1_words,
         .help = "Who accepts clients' connections and reads and ends their HTTP/1.x requests: the orchestrator itself, or "
                 "libevent's evhttp, which takes more processor time and memory and knows no half-closed connections."},
        {"half_close", OPTION_ENUM, AT(half_close), 0, 0, "\"answer\"", .words = half_close_words, .reloadable = true,
         .help = "What it means that a client closes its sending side behind a whole request. answer: it waits for the "
                 "reply, and only a reset ends the request. cancel: it has left, and the request is given up. With "
                 "http1 = evhttp it is cancel, and answer is refused."},
        {"trusted_proxies", OPTION_TEXTS, AT(trusted_proxies), 0, 256, "[]", .reloadable = true,
         .help = "Networks (CIDR) whose X-Forwarded-* fields are kept. The client is the last address in their X-Forwarded-For "
                 "that is in none of them; it stands in X-Real-IP and in the access log."},
        {"tls", OPTION_TABLE, AT(tls), .table = tls_options, .help = "TLS."},
        {"swarm", OPTION_TABLE, AT(swarm), .table = swarm_options,
         .help = "Several orchestrators on one Docker swarm."},
        {"acme", OPTION_TABLE, AT(acme), .table = acme_options, .reloadable = true,
         .help = "Certificates that come by themselves."},
        {"acme_challenge_dir", OPTION_TEXT, AT(acme_challenge_dir), 0, 1024, "\"\"", .reloadable = true,
         .help = "Directory into which an ACME client (certbot, lego, uacme, dehydrated) puts its http-01 challenges: "
                 "/.well-known/acme-challenge/TOKEN is answered from DIR/TOKEN, or from the same path below DIR. Empty: none."},
        {"proxy_protocol_from", OPTION_TEXTS, AT(proxy_protocol_from), 0, 256, "[]", .reloadable = true,
         .help = "Networks (CIDR) of load balancers whose connections begin with a PROXY protocol header, version 1 or 2: it "
                 "says whose connection it is. Without one they are closed; from others it is 400."},
        {"redirects", OPTION_TABLES, AT(redirects), .table = redirect_options,
         .item_size = sizeof(struct config_redirect), .max = 256, .reloadable = true,
         .help = "Hosts that are another one: asked for, they answer with that host; scheme, port, path and query stay."},
        {"services", OPTION_TABLES, AT(services), .table = config_service_options,
         .item_size = sizeof(struct config_service), .min = 1, .max = 64, .reloadable = true, .help = "The services."},
        OPTION_END,
};
#undef AT

const char config_default[] =
        "{\n"
        "  \"services\": [\n"
        "    {\"name\": \"acts\", \"image\": \"actscontainer\", \"first_port\": 8000, \"reach\": \"socket\", \"late_network\": true,\n"
        "     \"volumes\": [\"acts_data:/static\"], \"env\": {\"USERS_URL\": \"http://users:8000\"},\n"
        "     \"routes\": [\"/api/v1/\", \"/\"], \"private\": [\"/api/v1/_crash\", \"/api/v1/_count\", \"/api/v1/_health\"],\n"
        "     \"health\": {\"path\": \"/api/v1/_health\"}, \"scale\": {\"count\": [\"/api/v1/\"]}},\n"
        "    {\"name\": \"users\", \"image\": \"usercontainer\", \"first_port\": 8080, \"reach\": \"socket\", \"late_network\": true,\n"
        "     \"volumes\": [\"users_data:/static\"], \"routes\": [\"/api/v1/users\"],\n"
        "     \"private\": [\"/api/v1/_crash\", \"/api/v1/_count\", \"/api/v1/_health\"],\n"
        "     \"health\": {\"path\": \"/api/v1/_health\"}, \"scale\": {\"min\": 1, \"max\": 1, \"count\": [\"/api/v1/\"]}}\n"
        "  ]\n"
        "}\n";
