/* docker_list_path: what a list of those that carry our label is asked for by. Pure. */
#pragma once

/* path: "/services" or "/containers/json?all=1". The caller frees it. */
char *docker_list_path(const char *path, const char *name);
