/* SPDX-License-Identifier: ISC */
/* frame: records with their length in front. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest header: 20 digits of a netstring, its colon, and a NUL. */
enum { FRAME_HEADER_SIZE = 22 };

struct err;

enum frame_format {
	FRAME_U8,
	FRAME_U16BE,
	FRAME_U16LE,
	FRAME_U32BE,
	FRAME_U32LE,
	FRAME_U64BE,
	FRAME_U64LE,
	FRAME_VARINT,
	FRAME_NETSTRING,
};

enum frame_answer {
	FRAME_OK,
	FRAME_MORE, /* the header goes on */
	FRAME_BAD,  /* these bytes begin no frame */
};

/* The format of that name ("u16be"), else ERR_USAGE with the names there are. */
bool frame_format_find(const char *name, enum frame_format *out, struct err *err);

/* Read a header from the front of `data`: its own length (with FRAME_BAD: that of what
 * shows it), and the number of bytes after it (without a netstring's comma). A LEB128
 * is at most 10 bytes. */
enum frame_answer frame_header(enum frame_format format, struct bytes data, size_t *header,
			       uint64_t *body);

/* Bytes that follow the body: the comma of a netstring, else 0. */
size_t frame_trailer(enum frame_format format);

/* Write the header for `body` bytes: its length, or 0 when too long for it. */
size_t frame_encode(enum frame_format format, uint64_t body,
		    unsigned char header[FRAME_HEADER_SIZE]);
