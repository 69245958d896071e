/* docker_fault: why the Docker Engine said no, and what to do about it. Pure. */
#pragma once

#include "orchestrator/engine/engine.h"

/* The fault for a reply with an error status, from the status and the engine's words; both changed between versions,
 * so what the text says goes before what the status says. */
enum engine_fault docker_fault_read(int status, const char *text);

/* The host port in "Bind for 127.0.0.1:8001 failed: port is already allocated"; 0: the text does not say that. */
int docker_fault_port(const char *text);

/* "the engine's words: what to do", for a person. image is named where it is missing, NULL if none is involved. */
void docker_fault_explain(enum engine_fault fault, const char *text, const char *image, char *message, size_t size);
