/* certs_view: the certificates as JSON: which there are, when they end and are renewed, and why one does not come. */
#pragma once

#include "common/json.h"
#include "orchestrator/admin/desk.h"

/* An object; without TLS its list is empty. */
void certs_view_write(struct json_writer *w, const struct admin_settings *settings);

/* Those that are held now, whatever they come from: for each name its issuer, its file, its end. A list; empty where certs is NULL. */
void certs_view_names(struct json_writer *w, const struct certs *certs);

/* The format of certs_view_write, in Markdown. */
void certs_view_document(FILE *to);
