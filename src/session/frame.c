/* SPDX-License-Identifier: ISC */
/* frame: records with their length in front. */
#include "config.h"

#include "session/frame.h"

#include "base/err.h"
#include "base/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VARINT_MAX = 10 };

/* By enum frame_format; `width` bytes of a fixed length, 0 for the others. */
static const struct {
	const char *name;
	size_t width;
	bool big_endian;
} formats[] = {
	[FRAME_U8] = { "u8", 1, true },
	[FRAME_U16BE] = { "u16be", 2, true },
	[FRAME_U16LE] = { "u16le", 2, false },
	[FRAME_U32BE] = { "u32be", 4, true },
	[FRAME_U32LE] = { "u32le", 4, false },
	[FRAME_U64BE] = { "u64be", 8, true },
	[FRAME_U64LE] = { "u64le", 8, false },
	[FRAME_VARINT] = { "varint", 0, false },
	[FRAME_NETSTRING] = { "netstring", 0, false },
};

bool frame_format_find(const char *name, enum frame_format *out, struct err *err)
{
	struct nearest nearest = { .word = name };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			*out = (enum frame_format)i;
			return true;
		}
		nearest_try(&nearest, formats[i].name);
	}
	return nearest_refuse(&nearest, "frame format", err);
}

/* Each of the following reads one byte of a header after the other: MORE until the
 * last one, which is at `i`. */

static enum frame_answer fixed_byte(enum frame_format format, uint64_t byte, size_t i,
				    uint64_t *value)
{
	if (formats[format].big_endian)
		*value = *value << 8 | byte;
	else
		*value |= byte << (8 * i);
	return i + 1 == formats[format].width ? FRAME_OK : FRAME_MORE;
}

static enum frame_answer varint_byte(uint64_t byte, size_t i, uint64_t *value)
{
	/* The tenth byte has room for one bit. */
	if (i == VARINT_MAX - 1 && byte > 1)
		return FRAME_BAD;
	*value |= (byte & 0x7f) << (7 * i);
	return byte & 0x80 ? FRAME_MORE : FRAME_OK;
}

/* DIGITS ":" without leading zeros. */
static enum frame_answer netstring_byte(unsigned char byte, size_t i, uint64_t *value)
{
	if (byte == ':' && i > 0)
		return FRAME_OK;
	if (byte < '0' || byte > '9' || (i > 0 && *value == 0) || *value > (UINT64_MAX - 9) / 10)
		return FRAME_BAD;
	*value = *value * 10 + (uint64_t)(byte - '0');
	return FRAME_MORE;
}

enum frame_answer frame_header(enum frame_format format, struct bytes data, size_t *header,
			       uint64_t *body)
{
	enum frame_answer answer = FRAME_MORE;
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < data.len && answer == FRAME_MORE; i++) {
		if (format == FRAME_VARINT)
			answer = varint_byte(data.data[i], i, &value);
		else if (format == FRAME_NETSTRING)
			answer = netstring_byte(data.data[i], i, &value);
		else
			answer = fixed_byte(format, data.data[i], i, &value);
	}
	if (answer != FRAME_MORE)
		*header = i;
	if (answer == FRAME_OK)
		*body = value;
	return answer;
}

size_t frame_trailer(enum frame_format format)
{
	return format == FRAME_NETSTRING ? 1 : 0;
}

static size_t encode_fixed(enum frame_format format, uint64_t body, unsigned char *header)
{
	size_t width = formats[format].width;

	if (width < 8 && body >> (8 * width) != 0)
		return 0;
	for (size_t i = 0; i < width; i++)
		header[formats[format].big_endian ? width - 1 - i : i] =
			(unsigned char)(body >> (8 * i));
	return width;
}

static size_t encode_varint(uint64_t body, unsigned char *header)
{
	size_t len = 0;

	for (; body > 0x7f; body >>= 7)
		header[len++] = (unsigned char)(body | 0x80);
	header[len++] = (unsigned char)body;
	return len;
}

size_t frame_encode(enum frame_format format, uint64_t body,
		    unsigned char header[FRAME_HEADER_SIZE])
{
	if (format == FRAME_VARINT)
		return encode_varint(body, header);
	if (format != FRAME_NETSTRING)
		return encode_fixed(format, body, header);
	return (size_t)snprintf((char *)header, FRAME_HEADER_SIZE, "%" PRIu64 ":", body);
}
