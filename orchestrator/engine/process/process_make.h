/* process_make: from a spec and a place to a record: a new id and the whole environment. */
#pragma once

#include "orchestrator/engine/process/process_record.h"

/* data_dir: DATA_DIR of the service; socket_dir: where it is to have its socket, "" = nowhere. The caller clears the record. */
bool process_make_record(const struct engine_spec *spec, const struct engine_place *place, const char *data_dir,
                         const char *socket_dir, struct process_record *record, struct err *err) MUST_CHECK;
