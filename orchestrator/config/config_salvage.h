/* config_salvage: of a file that is bad, what says where its orchestrator is, so that this can be asked all the same. */
#pragma once

#include "common/err.h"
#include "orchestrator/config/config.h"

/* Reads name, socket_dir, admin and admin_token_file out of a file that config_load refuses, wherever its fault is; they
 * get their defaults where they are not found, and admin and admin_token_file where they are the fault. Nothing else in
 * *config is the file's. False: the file cannot be read, or its name or socket_dir is the fault. The caller frees with
 * config_free. */
bool config_salvage(const char *path, struct config **config, struct err *err) MUST_CHECK;
