#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# smtp: a dialogue with expect, against aiosmtpd.

load ../bats/helpers
load programs

setup() {
	trace_the_test_alone
	local python
	for python in /usr/bin/python3 python3; do
		if "$python" -c 'import aiosmtpd.controller' 2>/dev/null; then
			start_server "$python" -u -c 'import asyncio
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(envelope.mail_from, envelope.rcpt_tos)
        print(envelope.content.decode(), end="")
        return "250 taken"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="mx.example"), "127.0.0.1", 0)
    await server.serve_forever()
asyncio.run(main())'
			return
		fi
	done
	skip 'aiosmtpd is not installed'
}

@test "EHLO, MAIL, RCPT, DATA: each answer is expected before the next line goes out" {
	run_liu connect "127.0.0.1:$PORT" -C --chomp readline expect '^220 mx\.example ' \
		writeline 'EHLO client.example' readuntil '250 HELP\r\n' expect '250-SIZE' \
		writeline 'MAIL FROM:<a@client.example>' readline expect '^250 ' \
		writeline 'RCPT TO:<b@mx.example>' readline expect '^250 ' \
		writeline DATA readline expect '^354 ' \
		writeline 'Subject: hello' writeline '' writeline '..a dot' writeline . readline expect '^250 taken$' \
		writeline QUIT readline expect '^221 ' at-eof
	assert_status 0
	assert_error_is ''
	assert_output_has '250 taken'
	is "$PEER_OUT" 'what the server got' "a@client.example ['b@mx.example']
$(printf 'Subject: hello\r\n\r\n.a dot\r')"
}

@test "a message from a file, with CR LF made of its line ends" {
	printf 'Subject: from a file\n\nline\n.\nQUIT\n' >"$BATS_TEST_TMPDIR/mail"
	run_liu connect "127.0.0.1:$PORT" -C skipline writeline 'HELO x' skipline writeline 'MAIL FROM:<a@x.example>' \
		skipline writeline 'RCPT TO:<b@x.example>' skipline writeline DATA skipline relay \
		<"$BATS_TEST_TMPDIR/mail"
	assert_status 0
	assert_error_is ''
	assert_output_bytes $'250 taken\r\n221 Bye\r\n'
	is "$PEER_OUT" 'what the server got' "a@x.example ['b@x.example']
$(printf 'Subject: from a file\r\n\r\nline\r')"
}

@test "a refused command ends the dialogue with exit 9, and nothing more is sent" {
	run_liu connect "127.0.0.1:$PORT" -C --chomp skipline writeline 'RCPT TO:<b@x.example>' readline \
		expect '^250 ' writeline DATA
	assert_status 9
	assert_output_has '503 '
	assert_error_has 'step 4 (expect ^250 ): '
}
