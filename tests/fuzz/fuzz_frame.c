/* SPDX-License-Identifier: ISC */
/* fuzz_frame: the header of a frame, whole and a byte at a time. */
#include "config.h"

#include "session/frame.h"

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
static enum frame_answer read_slowly(struct frame_header *header, enum frame_format format,
				     struct bytes data)
{
	enum frame_answer answer = FRAME_MORE;

	for (size_t len = 0; len <= data.len && answer == FRAME_MORE; len++) {
		unsigned char *block = malloc(len > 0 ? len : 1);

		require(block != NULL);
		if (len > 0)
			memcpy(block, data.data, len);
		answer = frame_header_read(header, format, bytes_of(block, len));
		require(header->len <= len);
		free(block);
	}
	return answer;
}

/* What has been read can be written, and is then read as the same. */
static void check_again(enum frame_format format, uint64_t body)
{
	unsigned char written[FRAME_HEADER_SIZE];
	size_t len = frame_encode(format, body, written);
	struct frame_header header = { 0 };

	require(len > 0 && len <= sizeof(written));
	require(frame_header_read(&header, format, bytes_of(written, len)) == FRAME_OK);
	require(header.len == len && header.body == body);
}

/* The first byte says which format. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum frame_format format = (enum frame_format)(size > 0 ? data[0] % (FRAME_LSP + 1) : 0);
	struct bytes input = bytes_of(data + (size > 0), size - (size > 0));
	struct frame_header whole = { 0 }, slow = { 0 };
	enum frame_answer answer = frame_header_read(&whole, format, input);

	require(read_slowly(&slow, format, input) == answer);
	require(slow.len == whole.len && slow.len <= input.len && slow.body == whole.body);
	if (answer == FRAME_OK)
		check_again(format, whole.body);
	return 0;
}
