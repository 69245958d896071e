/* config_spec: what a container cannot change after it was made, as a label: the first 64 bits of an HMAC-SHA-256.
 *
 * The environment is part of it, and anybody who may ask the engine sees the label: without the key nobody can try whether
 * a guess of it fits.
 */
#include "orchestrator/config/config.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void add_text(crypto_auth_hmacsha256_state *mac, const char *text)
{
	crypto_auth_hmacsha256_update(mac, (const unsigned char *)text, strlen(text) + 1);
}

/* Their number first: the same texts, divided otherwise between two lists, are something else. */
static void add_texts(crypto_auth_hmacsha256_state *mac, const struct strings *texts)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", texts->count);
	add_text(mac, number);
	for (size_t i = 0; i < texts->count; i++)
		add_text(mac, texts->items[i]);
}

void config_spec_hash(const struct config *config, const struct config_service *service,
                      const unsigned char key[CONFIG_KEY_SIZE], char hash[ENGINE_SPEC_SIZE])
{
	crypto_auth_hmacsha256_state mac;
	unsigned char sum[crypto_auth_hmacsha256_BYTES];
	char numbers[160];

	crypto_auth_hmacsha256_init(&mac, key, CONFIG_KEY_SIZE);
	add_text(&mac, config->name);
	add_text(&mac, service->name);
	add_text(&mac, service->image);
	add_texts(&mac, &service->command);
	add_texts(&mac, &service->publish);
	add_texts(&mac, &service->volumes);
	add_texts(&mac, &service->env);
	snprintf(numbers, sizeof(numbers), "%lld %lld %lld %.6f %d", (long long)service->port,
	         (long long)service->first_port, (long long)service->memory_mb, service->cpus, service->reach);
	add_text(&mac, numbers);
	if (service->reach == REACH_SOCKET)
		add_text(&mac, config->socket_dir);
	crypto_auth_hmacsha256_final(&mac, sum);
	sodium_bin2hex(hash, ENGINE_SPEC_SIZE, sum, (ENGINE_SPEC_SIZE - 1) / 2);
}
