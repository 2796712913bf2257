/* SPDX-License-Identifier: ISC */
/* frame: records with their length in front. */
#include "config.h"

#include "session/frame.h"

#include "base/err.h"
#include "base/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VARINT_MAX = 10, DIGITS_MAX = 19 };

/* By enum frame_format; `width` bytes of a fixed length, or what is before and after a
 * decimal one. */
static const struct {
	const char *name;
	size_t width;
	bool big_endian;
	const char *before, *after;
} formats[] = {
	[FRAME_U8] = { .name = "u8", .width = 1, .big_endian = true },
	[FRAME_U16BE] = { .name = "u16be", .width = 2, .big_endian = true },
	[FRAME_U16LE] = { .name = "u16le", .width = 2 },
	[FRAME_U32BE] = { .name = "u32be", .width = 4, .big_endian = true },
	[FRAME_U32LE] = { .name = "u32le", .width = 4 },
	[FRAME_U64BE] = { .name = "u64be", .width = 8, .big_endian = true },
	[FRAME_U64LE] = { .name = "u64le", .width = 8 },
	[FRAME_VARINT] = { .name = "varint" },
	[FRAME_NETSTRING] = { .name = "netstring", .before = "", .after = ":" },
	[FRAME_OCTETS] = { .name = "octets", .before = "", .after = " " },
	[FRAME_LSP] = { .name = "lsp", .before = "Content-Length: ", .after = "\r\n\r\n" },
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

/* A digit of a decimal length, which has no leading zeros. */
static enum frame_answer digit(unsigned char byte, size_t i, uint64_t *value)
{
	if (byte < '0' || byte > '9' || i == DIGITS_MAX || (i > 0 && *value == 0))
		return FRAME_BAD;
	*value = *value * 10 + (uint64_t)(byte - '0');
	return FRAME_MORE;
}

/* DIGITS and what comes after them; octets need a body. */
static enum frame_answer decimal_byte(enum frame_format format, unsigned char byte, size_t i,
				      uint64_t *value)
{
	if (byte == formats[format].after[0] && i > 0)
		return FRAME_OK;
	if (format == FRAME_OCTETS && byte == '0' && i == 0)
		return FRAME_BAD;
	return digit(byte, i, value);
}

static enum frame_answer header_byte(enum frame_format format, unsigned char byte, size_t i,
				     uint64_t *value)
{
	if (formats[format].width > 0)
		return fixed_byte(format, byte, i, value);
	return format == FRAME_VARINT ? varint_byte(byte, i, value)
				      : decimal_byte(format, byte, i, value);
}

/* A line of an lsp header, without its end: MORE, unless it is the blank one. */
static enum frame_answer lsp_line(struct frame_header *header, struct bytes line)
{
	const unsigned char *colon = memchr(line.data, ':', line.len);
	struct bytes value;

	if (line.len == 0)
		return header->has_body ? FRAME_OK : FRAME_BAD;
	if (colon == NULL)
		return FRAME_BAD;
	value = bytes_trimmed(bytes_of(colon + 1, line.len - (size_t)(colon + 1 - line.data)));
	if (!bytes_is_name(bytes_of(line.data, (size_t)(colon - line.data)), "Content-Length"))
		return FRAME_MORE;
	if (header->has_body || value.len == 0)
		return FRAME_BAD;
	header->has_body = true;
	for (size_t i = 0; i < value.len; i++)
		if (digit(value.data[i], i, &header->body) == FRAME_BAD)
			return FRAME_BAD;
	return FRAME_MORE;
}

static enum frame_answer lsp_header(struct frame_header *header, struct bytes data)
{
	enum frame_answer answer = FRAME_MORE;

	while (answer == FRAME_MORE && header->len < data.len) {
		struct bytes rest = bytes_of(data.data + header->len, data.len - header->len);
		const unsigned char *newline = memchr(rest.data, '\n', rest.len);

		if (newline == NULL)
			break;
		rest.len = (size_t)(newline + 1 - rest.data);
		header->len += rest.len;
		answer = lsp_line(header, bytes_without_newline(rest));
	}
	return answer;
}

static enum frame_answer other_header(struct frame_header *header, enum frame_format format,
				      struct bytes data)
{
	enum frame_answer answer = FRAME_MORE;

	for (; answer == FRAME_MORE && header->len < data.len; header->len++)
		answer = header_byte(format, data.data[header->len], header->len, &header->body);
	return answer;
}

enum frame_answer frame_header_read(struct frame_header *header, enum frame_format format,
				    struct bytes data)
{
	enum frame_answer answer;

	if (header->complete)
		return FRAME_OK;
	answer =
		format == FRAME_LSP ? lsp_header(header, data) : other_header(header, format, data);
	header->complete = answer == FRAME_OK;
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
	if (formats[format].width > 0)
		return encode_fixed(format, body, header);
	if (format == FRAME_VARINT)
		return encode_varint(body, header);
	if (format == FRAME_OCTETS && body == 0)
		return 0;
	return (size_t)snprintf((char *)header, FRAME_HEADER_SIZE, "%s%" PRIu64 "%s",
				formats[format].before, body, formats[format].after);
}
