/* SPDX-License-Identifier: ISC */
/* exec_environment: environment variables that describe the connection to a command. */
#include "config.h"

#include "session/exec_environment.h"

#include "base/alloc.h"
#include "base/environment.h"
#include "io/connection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void set_fact(struct environment *env, const char *name, const struct connection *c,
		     enum info_key key)
{
	char *fact = transport_fact(c->transport, key);

	environment_set(env, name, fact);
	free(fact);
}

/* `text` is "127.0.0.1:80" or "[::1]:80"; NULL: there is none. */
static void set_ip_and_port(struct environment *env, const char *ip_name, const char *port_name,
			    char *text)
{
	char *colon = text != NULL ? strrchr(text, ':') : NULL;
	char *ip = text;

	if (colon != NULL)
		*colon++ = '\0';
	if (ip != NULL && *ip == '[') {
		ip++;
		ip[strcspn(ip, "]")] = '\0';
	}
	environment_set(env, ip_name, ip);
	environment_set(env, port_name, colon);
	free(text);
}

void exec_environment_add(struct environment *env, const struct connection *connection,
			  uint64_t conn)
{
	static const struct {
		const char *name;
		enum info_key key;
	} facts[] = {
		{ "LIU_PEER", INFO_PEERNAME },
		{ "TLS_VERSION", INFO_TLS_VERSION },
		{ "TLS_CIPHER", INFO_CIPHER },
		{ "TLS_PEER_SUBJECT", INFO_PEERCERT_SUBJECT },
		{ "TLS_PEER_SHA256", INFO_PEERCERT_SHA256 },
		{ "TLS_PEER_PIN", INFO_PEERCERT_PIN },
	};
	/* ucspi-tcp has these too; names are not looked up here. */
	static const char *const unknown[] = { "TCPLOCALHOST", "TCPREMOTEHOST", "TCPREMOTEINFO" };
	const struct transport *transport = connection->transport;
	char *family = transport_fact(transport, INFO_FAMILY);
	bool tcp = family != NULL && strncmp(family, "inet", strlen("inet")) == 0;
	char *number = alloc_printf("%" PRIu64, conn);

	environment_set(env, "PROTO", tcp ? "TCP" : NULL);
	set_ip_and_port(env, "TCPREMOTEIP", "TCPREMOTEPORT",
			tcp ? transport_fact(transport, INFO_PEERNAME) : NULL);
	set_ip_and_port(env, "TCPLOCALIP", "TCPLOCALPORT",
			tcp ? transport_fact(transport, INFO_SOCKNAME) : NULL);
	environment_set(env, "LIU_CONN", number);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		set_fact(env, facts[i].name, connection, facts[i].key);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		environment_set(env, unknown[i], NULL);
	free(number);
	free(family);
}
