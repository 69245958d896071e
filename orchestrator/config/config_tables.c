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
static const char *const log_words[] = {"error", "warn", "info", "debug", NULL};

#define HOUR_MS 3600000
#define MIB 1048576.0

#define AT(member) offsetof(struct config_health, member)
static const struct option health_options[] = {
        {"path", OPTION_TEXT, AT(path), 1, 1024, "\"/api/v1/_health\"", .reloadable = true,
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
         .help = "Containers that run ahead, paused, to stand in after a fault."},
        {"count", OPTION_TEXTS, AT(count), 0, 64, "[\"/api/v1/\"]", .reloadable = true,
         .help = "Path prefixes of the requests that are counted."},
        {"not_counted", OPTION_TEXTS, AT(not_counted), 0, 64, "[\"/api/v1/_health\", \"/api/v1/_crash\"]",
         .reloadable = true, .help = "Path prefixes among them that are not."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config_service, member)
const struct option config_service_options[] = {
        {"name", OPTION_TEXT, AT(name), 1, 63, NULL,
         .help = "Name of the service; its containers are NAME_0, NAME_1, ..., and find each other by it."},
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
        {"routes", OPTION_TEXTS, AT(routes), 1, 64, "[\"/api/v1/\"]", .reloadable = true,
         .help = "Path prefixes it serves; the longest prefix of all services wins, at a segment's end."},
        {"private", OPTION_TEXTS, AT(private_paths), 0, 64,
         "[\"/api/v1/_crash\", \"/api/v1/_count\", \"/api/v1/_health\"]", .reloadable = true,
         .help = "Path prefixes answered 403 from outside."},
        {"health", OPTION_TABLE, AT(health), .table = health_options, .reloadable = true, .help = "Health checks."},
        {"scale", OPTION_TABLE, AT(scale), .table = scale_options, .reloadable = true, .help = "Scaling."},
        OPTION_END,
};
#undef AT

#define AT(member) offsetof(struct config, member)
const struct option config_options[] = {
        {"listen", OPTION_TEXTS, AT(listen), 1, 16, "[\"0.0.0.0:80\"]",
         .help = "Addresses the proxy serves on, as ADDRESS:PORT."},
        {"admin", OPTION_TEXTS, AT(admin), 0, 16, "[\"127.0.0.1:9090\"]", .help = "Addresses of the admin API."},
        {"admin_token_file", OPTION_TEXT, AT(admin_token_file), 0, 1024, "\"\"",
         .help = "File with the token that admin asks for; required for an admin address that is not loopback."},
        {"engine", OPTION_ENUM, AT(engine), 0, 0, "\"docker\"", .words = &engines[0].name,
         .word_stride = sizeof(engines[0]), .help = "What makes the containers."},
        {"docker_socket", OPTION_TEXT, AT(docker_socket), 1, 107, "\"/var/run/docker.sock\"",
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
         .help = "Networks (CIDR) whose X-Forwarded-* fields are kept."},
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
        "     \"routes\": [\"/api/v1/\", \"/\"]},\n"
        "    {\"name\": \"users\", \"image\": \"usercontainer\", \"first_port\": 8080, \"reach\": \"socket\", \"late_network\": true,\n"
        "     \"volumes\": [\"users_data:/static\"], \"routes\": [\"/api/v1/users\"], \"scale\": {\"min\": 1, \"max\": 1}}\n"
        "  ]\n"
        "}\n";
