/* SPDX-License-Identifier: ISC */
/* fuzz_proxy_header: a header of the PROXY protocol, whole and a byte at a time. */
#include "config.h"

#include "base/err.h"
#include "net/proxy_header.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant that an assert would not check in a build without asserts. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Ask for ever longer beginnings, each in a block of its own, until the answer is there. */
static enum proxy_header_answer read_slowly(struct proxy_header *header, const uint8_t *data,
					    size_t size, size_t *needed)
{
	enum proxy_header_answer answer = PROXY_HEADER_MORE;
	struct err err;

	for (*needed = 0; *needed <= size && answer == PROXY_HEADER_MORE; ++*needed) {
		unsigned char *block = malloc(*needed + 1);

		require(block != NULL);
		if (*needed > 0)
			memcpy(block, data, *needed);
		answer = proxy_header_read(bytes_of(block, *needed), header, &err);
		free(block);
	}
	--*needed;
	return answer;
}

static void check_address(const struct socket_address *address)
{
	require(address->len <= sizeof(address->addr));
	free(sockaddr_text(address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, slow;
	struct err err;
	size_t needed;
	enum proxy_header_answer answer = proxy_header_read(bytes_of(data, size), &whole, &err);

	require(read_slowly(&slow, data, size, &needed) == answer);
	require(answer == PROXY_HEADER_MORE ? needed < PROXY_HEADER_PEEK
					    : needed <= PROXY_HEADER_PEEK);
	if (answer != PROXY_HEADER_OK)
		return 0;
	require(whole.len == slow.len && whole.len <= PROXY_HEADER_MAX && needed <= whole.len);
	require((whole.source.len > 0) == (whole.destination.len > 0));
	check_address(&whole.source);
	check_address(&whole.destination);
	return 0;
}
