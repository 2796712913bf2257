/* SPDX-License-Identifier: ISC */
/* test_frame: lengths in front of records, whole and cut anywhere. */
#include "config.h"

#include "session/frame.h"

#include "base/bytes.h"
#include "base/err.h"
#include "unit/bytes_equal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROW(format, number, literal)                                                               \
	{                                                                                          \
		format, number,                                                                    \
		{                                                                                  \
			(const unsigned char *)literal, sizeof(literal) - 1                        \
		}                                                                                  \
	}

struct row {
	enum frame_format format;
	uint64_t body;
	struct bytes header;
};

/* Each format's least, most, and what shows the order of the bytes. */
static const struct row rows[] = {
	ROW(FRAME_U8, 0, "\0"),
	ROW(FRAME_U8, 255, "\xFF"),
	ROW(FRAME_U16BE, 0, "\0\0"),
	ROW(FRAME_U16BE, 0x0102, "\1\2"),
	ROW(FRAME_U16BE, 0xFFFF, "\xFF\xFF"),
	ROW(FRAME_U16LE, 0x0102, "\2\1"),
	ROW(FRAME_U16LE, 0xFFFF, "\xFF\xFF"),
	ROW(FRAME_U32BE, 0x01020304, "\1\2\3\4"),
	ROW(FRAME_U32BE, UINT32_MAX, "\xFF\xFF\xFF\xFF"),
	ROW(FRAME_U32LE, 0x01020304, "\4\3\2\1"),
	ROW(FRAME_U32LE, UINT32_MAX, "\xFF\xFF\xFF\xFF"),
	ROW(FRAME_U64BE, 0x0102030405060708, "\1\2\3\4\5\6\7\10"),
	ROW(FRAME_U64BE, UINT64_MAX, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
	ROW(FRAME_U64LE, 0x0102030405060708, "\10\7\6\5\4\3\2\1"),
	ROW(FRAME_U64LE, UINT64_MAX, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
	ROW(FRAME_VARINT, 0, "\0"),
	ROW(FRAME_VARINT, 127, "\x7F"),
	ROW(FRAME_VARINT, 128, "\x80\1"),
	ROW(FRAME_VARINT, 300, "\xAC\2"),
	ROW(FRAME_VARINT, 16383, "\xFF\x7F"),
	ROW(FRAME_VARINT, 16384, "\x80\x80\1"),
	ROW(FRAME_VARINT, UINT64_MAX, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1"),
	ROW(FRAME_NETSTRING, 0, "0:"),
	ROW(FRAME_NETSTRING, 9, "9:"),
	ROW(FRAME_NETSTRING, 10, "10:"),
	ROW(FRAME_NETSTRING, 65536, "65536:"),
	ROW(FRAME_NETSTRING, 1234567890123456789, "1234567890123456789:"),
	ROW(FRAME_OCTETS, 1, "1 "),
	ROW(FRAME_OCTETS, 10, "10 "),
	ROW(FRAME_OCTETS, 9999999999999999999U, "9999999999999999999 "),
	ROW(FRAME_LSP, 0, "Content-Length: 0\r\n\r\n"),
	ROW(FRAME_LSP, 9999999999999999999U, "Content-Length: 9999999999999999999\r\n\r\n"),
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* What frame_header_read says of the first `len` bytes, in a block of exactly that
 * size, so that a sanitizer sees a read past the end. */
static enum frame_answer ask(enum frame_format format, struct bytes data, size_t len,
			     struct frame_header *header)
{
	unsigned char *exact = malloc(len > 0 ? len : 1);
	enum frame_answer answer;

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, data.data, len);
	answer = frame_header_read(header, format, bytes_of(exact, len));
	free(exact);
	return answer;
}

static void headers_are_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		unsigned char header[FRAME_HEADER_SIZE];
		size_t len = frame_encode(rows[i].format, rows[i].body, header);

		if (!bytes_equal(bytes_of(header, len), rows[i].header))
			fail_msg("row %zu: another header of %zu bytes", i, len);
	}
}

static void headers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct frame_header header = { 0 };
		enum frame_answer answer =
			ask(rows[i].format, rows[i].header, rows[i].header.len, &header);

		if (answer != FRAME_OK || header.len != rows[i].header.len ||
		    header.body != rows[i].body)
			fail_msg("row %zu: answer %d, %zu bytes", i, (int)answer, header.len);
	}
}

/* Cut anywhere it is neither whole nor bad, and what follows completes it. Once it is
 * complete it stays so. */
static void every_cut_of_a_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		size_t whole = rows[i].header.len;

		for (size_t len = 0; len < whole; len++) {
			struct frame_header header = { 0 };

			if (ask(rows[i].format, rows[i].header, len, &header) != FRAME_MORE)
				fail_msg("row %zu cut to %zu", i, len);
			for (int again = 0; again < 2; again++) {
				assert_int_equal(ask(rows[i].format, rows[i].header, whole,
						     &header),
						 FRAME_OK);
				assert_int_equal(header.len, whole);
				assert_true(header.body == rows[i].body);
			}
		}
	}
}

/* What comes after the header is not looked at. */
static void bytes_after_the_header(void **state)
{
	unsigned char data[FRAME_HEADER_SIZE + 8];

	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct bytes whole = rows[i].header;
		struct frame_header header = { 0 };

		memset(data, 0xFF, sizeof(data));
		memcpy(data, whole.data, whole.len);
		assert_int_equal(ask(rows[i].format, bytes_of(data, whole.len + 8), whole.len + 8,
				     &header),
				 FRAME_OK);
		assert_int_equal(header.len, whole.len);
		assert_true(header.body == rows[i].body);
	}
}

/* From the first byte that makes it one, and with whatever follows. */
static void what_is_no_frame(void **state)
{
	static const struct {
		enum frame_format format;
		const char *text;
		size_t bad_from;
	} bad[] = {
		{ FRAME_NETSTRING, ":", 1 },
		{ FRAME_NETSTRING, "x", 1 },
		{ FRAME_NETSTRING, "-1:", 1 },
		{ FRAME_NETSTRING, " 1:", 1 },
		{ FRAME_NETSTRING, "+1:", 1 },
		{ FRAME_NETSTRING, "\n", 1 },
		{ FRAME_NETSTRING, "/:", 1 }, /* the neighbours of the digits */
		{ FRAME_NETSTRING, "00:", 2 },
		{ FRAME_NETSTRING, "05:", 2 },
		{ FRAME_NETSTRING, "5;", 2 },
		{ FRAME_NETSTRING, "12x", 3 },
		{ FRAME_NETSTRING, "12345678901234567890:", 20 },
		{ FRAME_NETSTRING, "5 ", 2 },
		{ FRAME_OCTETS, " ", 1 },
		{ FRAME_OCTETS, "0 ", 1 },
		{ FRAME_OCTETS, "05 ", 1 },
		{ FRAME_OCTETS, "+5 ", 1 },
		{ FRAME_OCTETS, "5:", 2 },
		{ FRAME_OCTETS, "12345678901234567890 ", 20 },
		{ FRAME_LSP, "\n", 1 },
		{ FRAME_LSP, "\r\n", 2 },
		{ FRAME_LSP, "hello\n", 6 },
		{ FRAME_LSP, "Content-Type: x\r\n\r\n", 19 },
		{ FRAME_LSP, "Content-Length : 1\r\n\r\n", 22 },
		{ FRAME_LSP, "Content-Length: 1\nContent-Length: 1\n", 36 },
		{ FRAME_LSP, "Content-Length:\n", 16 },
		{ FRAME_LSP, "Content-Length: -1\n", 19 },
		{ FRAME_LSP, "Content-Length: 01\n", 19 },
		{ FRAME_LSP, "Content-Length: 1 1\n", 20 },
		{ FRAME_LSP, "Content-Length: 12345678901234567890\n", 37 },
		{ FRAME_VARINT, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\2", 10 },
		{ FRAME_VARINT, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81\1", 10 },
		{ FRAME_VARINT, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes data = bytes_of_string(bad[i].text);

		for (size_t len = 0; len <= data.len; len++) {
			enum frame_answer expected =
				len >= bad[i].bad_from ? FRAME_BAD : FRAME_MORE;
			struct frame_header header = { 0 };

			if (ask(bad[i].format, data, len, &header) != expected)
				fail_msg("row %zu cut to %zu", i, len);
			assert_int_equal(header.len > bad[i].bad_from, 0);
		}
	}
}

/* A varint need not be the shortest. */
static void a_longer_varint(void **state)
{
	struct frame_header header = { 0 };

	(void)state;
	assert_int_equal(ask(FRAME_VARINT, bytes_of("\x85\x80\0", 3), 3, &header), FRAME_OK);
	assert_int_equal(header.len, 3);
	assert_true(header.body == 5);
}

/* Other fields, either line end, any case, blanks around the value. */
static void headers_of_lsp(void **state)
{
	static const char *const good[] = {
		"Content-Length: 12\n\n",
		"content-LENGTH:12\r\n\n",
		"A: b\nContent-Length: \t12 \r\nContent-Type: x:y\r\n\r\n",
		": \nContent-Length: 12\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct bytes data = bytes_of_string(good[i]);
		struct frame_header header = { 0 };

		for (size_t len = 0; len < data.len; len++)
			assert_int_equal(ask(FRAME_LSP, data, len, &header), FRAME_MORE);
		assert_int_equal(ask(FRAME_LSP, data, data.len, &header), FRAME_OK);
		assert_int_equal(header.len, data.len);
		assert_true(header.body == 12);
	}
}

static void what_is_too_long_for_a_format(void **state)
{
	static const struct {
		enum frame_format format;
		uint64_t body;
	} over[] = {
		{ FRAME_U8, 256 },
		{ FRAME_U16BE, 65536 },
		{ FRAME_U16LE, 65536 },
		{ FRAME_U32BE, (uint64_t)UINT32_MAX + 1 },
		{ FRAME_U32LE, (uint64_t)UINT32_MAX + 1 },
	};
	unsigned char header[FRAME_HEADER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
		assert_int_equal(frame_encode(over[i].format, over[i].body, header), 0);
		assert_int_not_equal(frame_encode(over[i].format, over[i].body - 1, header), 0);
	}
	assert_int_equal(frame_encode(FRAME_OCTETS, 0, header), 0);
	assert_int_equal(frame_encode(FRAME_LSP, UINT64_MAX, header), FRAME_HEADER_SIZE - 1);
}

/* What is encoded is read again, at every power of two and beside it. */
static void there_and_back(void **state)
{
	(void)state;
	for (int format = FRAME_U8; format <= FRAME_LSP; format++) {
		for (int i = 0; i < 3 * 63; i++) {
			uint64_t body = ((uint64_t)1 << (i / 3)) + (uint64_t)(i % 3) - 1;
			unsigned char data[FRAME_HEADER_SIZE];
			size_t len = frame_encode((enum frame_format)format, body, data);
			struct frame_header header = { 0 };

			if (len == 0)
				continue;
			assert_int_equal(ask((enum frame_format)format, bytes_of(data, len), len,
					     &header),
					 FRAME_OK);
			assert_int_equal(header.len, len);
			assert_true(header.body == body);
		}
	}
}

static void names(void **state)
{
	static const char *const all[] = {
		[FRAME_U8] = "u8",
		[FRAME_U16BE] = "u16be",
		[FRAME_U16LE] = "u16le",
		[FRAME_U32BE] = "u32be",
		[FRAME_U32LE] = "u32le",
		[FRAME_U64BE] = "u64be",
		[FRAME_U64LE] = "u64le",
		[FRAME_VARINT] = "varint",
		[FRAME_NETSTRING] = "netstring",
		[FRAME_OCTETS] = "octets",
		[FRAME_LSP] = "lsp",
	};
	static const char *const none[] = { "", "u", "u16", "U8", "u8 ", "u128be", "leb128" };
	enum frame_format format;
	struct err err;

	(void)state;
	for (int i = FRAME_U8; i <= FRAME_LSP; i++) {
		assert_true(frame_format_find(all[i], &format, &err));
		assert_int_equal(format, i);
		assert_int_equal(frame_trailer(format), i == FRAME_NETSTRING ? 1 : 0);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(frame_format_find(none[i], &format, &err));
	for (int i = FRAME_U8; i <= FRAME_LSP; i++)
		assert_non_null(strstr(err.text, all[i]));
	assert_string_equal(err.text, "unknown frame format 'leb128' (u8, u16be, u16le, u32be, "
				      "u32le, u64be, u64le, varint, netstring, octets or lsp)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_encoded),
		cmocka_unit_test(headers_are_read),
		cmocka_unit_test(every_cut_of_a_header),
		cmocka_unit_test(bytes_after_the_header),
		cmocka_unit_test(what_is_no_frame),
		cmocka_unit_test(a_longer_varint),
		cmocka_unit_test(headers_of_lsp),
		cmocka_unit_test(what_is_too_long_for_a_format),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
