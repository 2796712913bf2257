/* SPDX-License-Identifier: ISC */
/* frame: records with their length in front. */
#pragma once

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest header that is written: that of lsp, with 20 digits and a NUL. */
enum { FRAME_HEADER_SIZE = 41 };

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
	FRAME_OCTETS,
	FRAME_LSP,
};

enum frame_answer {
	FRAME_OK,
	FRAME_MORE, /* the header goes on */
	FRAME_BAD,  /* these bytes begin no frame */
};

/* How far a header has been read: { 0 } at first. */
struct frame_header {
	size_t len;    /* bytes read; of lsp whole lines */
	uint64_t body; /* bytes after it, without a netstring's comma; with MORE, or BAD: so far */
	bool has_body; /* lsp: one of the lines was Content-Length */
	bool complete; /* the answer was FRAME_OK, and stays so */
};

/* The format of that name ("u16be"), else ERR_USAGE with the names there are. */
bool frame_format_find(const char *name, enum frame_format *out, struct err *err);

/* Read on in a header, which is at the front of `data`, that of the calls before
 * included. A LEB128 is at most 10 bytes, a decimal length at most 19 digits. */
enum frame_answer frame_header_read(struct frame_header *header, enum frame_format format,
				    struct bytes data);

/* Bytes that follow the body: the comma of a netstring, else 0. */
size_t frame_trailer(enum frame_format format);

/* Write the header for `body` bytes: its length, or 0 when there is none for so many. */
size_t frame_encode(enum frame_format format, uint64_t body,
		    unsigned char header[FRAME_HEADER_SIZE]);
