#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 91-tables: the program, its manual and its completion speak of the same commands, steps and options.

load helpers

MANUAL=$TOP/man/liu.1
COMPLETION=$TOP/completions/liu.bash

# The program's table in the form of manual-tables.
program_tables() {
	liu help --table | awk -F '\t' -v OFS='\t' '
	function plain(text) {
		gsub(/[^A-Za-z0-9]+/, " ", text)
		gsub(/^ | $/, "", text)
		return text
	}
	$1 == "command" { print $1, $2 }
	$1 == "step" { print $1, $2, plain($3) }
	$1 == "option" { sub(/^--/, "", $3); sub(/^-/, "", $4); print $1, $2, $3, $4, plain($5) }
	' | sort -u
}

# split_line LINE: COMP_WORDS as bash cuts an unquoted line at blanks, and at ':' and '='.
split_line() {
	local rest=$1 word
	COMP_WORDS=()
	while [ -n "$rest" ]; do
		rest=${rest#"${rest%%[! ]*}"}
		[ -n "$rest" ] || break
		case $rest in
		[:=]*) word=${rest%%[!:=]*} ;;
		*) word=${rest%%[ :=]*} ;;
		esac
		COMP_WORDS+=("$word")
		rest=${rest#"$word"}
	done
	case $1 in
	*' ') COMP_WORDS+=('') ;;
	esac
}

# complete_line LINE: set COMPREPLY to what completion says at its end.
complete_line() {
	COMP_LINE=$1
	COMP_POINT=${#1}
	split_line "$1"
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_liu
}

# answers LINE: the same, sorted and each once, as readline shows it, with blanks between.
answers() {
	complete_line "$1"
	printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | LC_ALL=C sort -u | paste -sd ' '
}

load_completion() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	ln -sf "$LIU" "$BATS_TEST_TMPDIR/bin/liu"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	unset -f liu # the helper, so that type -P and the completion see the program
	COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
	# shellcheck source=/dev/null
	. "$COMPLETION"
}

@test "the manual describes the commands, steps and options that there are" {
	program_tables >"$BATS_TEST_TMPDIR/program"
	"$BATS_TEST_DIRNAME/manual-tables" "$MANUAL" >"$BATS_TEST_TMPDIR/manual"
	[ -s "$BATS_TEST_TMPDIR/program" ]
	run diff "$BATS_TEST_TMPDIR/program" "$BATS_TEST_TMPDIR/manual"
	assert_equal '' "$output" "what only the program (<) or the manual (>) has"
}

@test "the manual and --help speak of the same options" {
	local command
	for command in connect listen echo head; do
		"$BATS_TEST_DIRNAME/manual-tables" "$MANUAL" |
			awk -F '\t' -v command="$command" '$1 == "option" && $2 == command {
				print $3 == "" ? "-" $4 : "--" $3 }' | sort >"$BATS_TEST_TMPDIR/manual"
		liu "$command" --help | sed -nE 's/^  (-[a-zA-Z0-9], |    )?(--[a-z0-9.-]+|-[0-9]).*/\2/p' |
			sort >"$BATS_TEST_TMPDIR/help"
		same "$BATS_TEST_TMPDIR/manual" "$BATS_TEST_TMPDIR/help" "$command --help"
	done
}

@test "completion offers the commands" {
	load_completion
	assert_equal '--help --version connect echo head help listen' "$(answers 'liu ')"
	assert_equal 'echo' "$(answers 'liu e')"
	assert_equal "$("$LIU" help --table | awk -F '\t' '$1 != "option" { print $2 }' |
		LC_ALL=C sort -u | paste -sd ' ')" "$(answers 'liu help ')"
	assert_equal 'steps' "$(answers 'liu help st')"
	assert_equal 'exec exit-status expect' "$(answers 'liu help ex')"
	assert_equal '' "$(answers 'liu help connect ')"
	assert_equal '' "$(answers 'liu nonsense x')"
}

@test "completion offers every option of a command, and no other" {
	local command
	load_completion
	for command in connect listen echo head; do
		"$LIU" help --table | awk -F '\t' -v command="$command" '
		$1 == "option" && $2 == command {
			if ($4 != "") print $4
			if ($3 == "") next
			if ($5 == "" || $5 ~ /^\[/) print $3
			if ($5 != "") print $3 "="
		}' | LC_ALL=C sort | paste -sd ' ' >"$BATS_TEST_TMPDIR/program"
		assert_equal "$(cat "$BATS_TEST_TMPDIR/program")" "$(answers "liu $command -")" "$command"
	done
	assert_equal '--connect-timeout=' "$(answers 'liu connect --conn')"
	assert_equal '--crlf' "$(answers 'liu connect localhost 80 --cr')"
	assert_equal '--fail --fail= --field=' "$(answers 'liu head http://h/ --f')"
}

# steps_but STEP...: all others, as answers has them.
steps_but() {
	"$LIU" help --table | awk -F '\t' '$1 == "step" { print $2 }' | grep -vxF "$(printf '%s\n' "$@")" |
		LC_ALL=C sort | paste -sd ' '
}

@test "completion offers every step that may stand after ADDRESS" {
	local steps
	load_completion
	steps=$(steps_but expect loop broker)
	assert_equal "$steps" "$(answers 'liu connect localhost:80 ')"
	assert_equal "$steps" "$(answers 'liu connect localhost 80 ')"
	assert_equal "$steps" "$(answers 'liu connect ::1 80 ')"
	assert_equal "$steps" "$(answers 'liu localhost:80 ')"
	assert_equal "$steps" "$(answers 'liu 8080 --limit 1K write x ')"
	assert_equal '--connect-timeout=' "$(answers 'liu ./s --conn')"
	assert_equal "$(steps_but expect loop)" "$(answers 'liu listen -k 8080 ')"
	assert_equal "$(steps_but expect loop)" "$(answers 'liu listen -kw 5 :8080 ')"
	assert_equal "$(steps_but expect loop)" "$(answers 'liu listen --limit 1K 8080 --step-timeout=3 ')"
	assert_equal "$steps" "$(answers 'liu connect 80 write x ')"
	assert_equal "$(steps_but try expect loop relay echo exec to broker close abort)" "$(answers 'liu connect 80 try ')"
	assert_equal "$(steps_but broker)" "$(answers 'liu connect 80 readline 3 ')"
	assert_equal "$(steps_but broker)" "$(answers 'liu connect 80 readline ')"
	assert_equal "$(steps_but expect broker)" "$(answers 'liu connect 80 skipline 2 ')"
	assert_equal "$(steps_but loop broker)" "$(answers 'liu connect 80 info peername ')"
	assert_equal "$(steps_but expect loop write writeline writehex writefile writeframe relay echo exec to broker)" \
		"$(answers 'liu connect 80 write-eof ')"
	assert_equal '' "$(answers 'liu connect 80 readline close ')"
	assert_equal '' "$(answers 'liu connect 80 readline loop ')"
	assert_equal '' "$(answers 'liu connect 80 relay ')"
	assert_equal '' "$(answers 'liu connect 80 exec cat ')"
	assert_equal "$steps" "$(answers 'liu connect 80 writeframe u8 x ')"
	assert_equal 'readexactly readframe readline readmatch readuntil' \
		"$(answers 'liu connect -- 80 write read read' | sed 's/^read //')"
	assert_equal '' "$(answers 'liu connect 80 write ')"
	assert_equal '' "$(answers 'liu connect 80 drain -')"
	assert_equal 'or' "$(answers 'liu connect 80 readuntil x o')"
	assert_equal '' "$(answers 'liu connect 80 readuntil x or ')"
	assert_equal 'exactly line until' "$(answers 'liu connect 80 echo ')"
}

@test "completion offers the manual's keys, and the program takes each" {
	local key
	load_completion
	awk '/^\.Sh/ { steps = $2 == "STEPS" } steps && /^\.It Cm / { print $3 }' "$MANUAL" |
		LC_ALL=C sort >"$BATS_TEST_TMPDIR/keys"
	# They or the next step.
	assert_equal "$(paste -sd ' ' "$BATS_TEST_TMPDIR/keys")" \
		"$(comm -23 <(answers 'liu connect 80 info ' | tr ' ' '\n') <(answers 'liu connect 80 info rtt ' | tr ' ' '\n') | paste -sd ' ')"
	assert_equal readframe "$(answers 'liu connect 80 info readf')"
	assert_equal lsp "$(answers 'liu connect 80 info readframe l')"
	start_liu listen -k 0 write x
	while read -r key; do
		run_liu connect "$ADDRESS" info "$key"
		assert_status 0
	done <"$BATS_TEST_TMPDIR/keys"
	run_liu connect "$ADDRESS" info nonsense
	assert_status 2
}

@test "completion offers the frame formats, and the program takes each" {
	local format formats
	load_completion
	formats=$(answers 'liu connect 80 readframe ')
	assert_equal 'lsp netstring octets u16be u16le u32be u32le u64be u64le u8 varint' "$formats"
	start_liu echo
	for format in $formats; do
		run_liu connect "$ADDRESS" writeframe "$format" hello readframe "$format"
		assert_status 0
		assert_output_bytes hello
	done
}

@test "completion, program and manual have the same faults" {
	local names
	load_completion
	names=$(answers 'liu echo --fault ')
	run_liu echo --fault ''
	assert_status 2
	assert_equal "${names//=/}" "$(sed 's/.*(\(delay.*\)) (see.*/\1/; s/,\| or/ /g' "$ERR" |
		tr -s ' ' '\n' | LC_ALL=C sort | paste -sd ' ')"
	assert_equal "${names//=/}" "$(sed -n 's/^\.It Cm \([a-z-]*\) Ns = Ns Ar.*/\1/p' "$MANUAL" |
		LC_ALL=C sort | paste -sd ' ')"
	assert_equal 'delay= drop-rate=' "$(answers 'liu echo --fault=d')"
}

@test "completion offers files, paths and values" {
	load_completion
	cd "$BATS_TEST_TMPDIR"
	mkdir -p d.dir
	touch 'a file.pem' z.pem
	assert_equal 'a file.pem' "$(answers 'liu connect --cacert a')"
	assert_equal 'z.pem' "$(answers 'liu connect --cacert=z')"
	assert_equal 'd.dir' "$(answers 'liu connect --capath d')"
	assert_equal '' "$(answers 'liu connect --capath z')"
	assert_equal 'z.pem' "$(answers 'liu connect 80 writefile z')"
	assert_equal './z.pem' "$(answers 'liu connect ./z')"
	assert_equal './z.pem' "$(answers 'liu ./z')"
	assert_equal './z.pem' "$(answers 'liu connect unix:./z')"
	assert_equal 'fd: sd: tcp: tls: unix: vsock:' "$(answers 'liu connect ')"
	assert_equal './z.pem' "$(answers 'liu listen 80 to ./z')"
	assert_equal 'fd: sd: tcp: tls: unix: vsock:' "$(answers 'liu listen 80 readline to ')"
	assert_equal 'load_completion' "$(answers 'liu listen 80 exec load_compl')"
	assert_equal 'load_completion' "$(answers 'liu echo --run load_compl')"
	assert_equal 'always auto never' "$(answers 'liu head --color=')"
	assert_equal 'always auto' "$(answers 'liu head --color a')"
	assert_equal 'http:// https://' "$(answers 'liu head ')"
	COMP_WORDBREAKS=$' \t\n'
	assert_equal '--color=always --color=auto' "$(answers 'liu head --color=a')"
	assert_equal 'unix:./z.pem' "$(answers 'liu connect unix:./z')"
}

@test "completion asks for the table once, and lives without one" {
	load_completion
	printf '#!/bin/sh\necho x >>"%s/asked"\nexec "%s" "$@"\n' "$BATS_TEST_TMPDIR" "$LIU" \
		>"$BATS_TEST_TMPDIR/bin/other"
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/broken"
	chmod +x "$BATS_TEST_TMPDIR"/bin/*[rn]
	answers 'other connect --cr' >"$BATS_TEST_TMPDIR/first"
	answers 'other connect --ch' >"$BATS_TEST_TMPDIR/second"
	assert_equal "--crlf --chomp" "$(paste -sd ' ' "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second" | paste -sd ' ')"
	assert_equal 1 "$(wc -l <"$BATS_TEST_TMPDIR/asked")" "times the program was asked"
	assert_equal '' "$(answers 'broken connect --c')"
	assert_equal '' "$(answers 'no-such-program connect --c')"
}

@test "completion survives whatever is typed, and evaluates nothing" {
	local odd command
	load_completion
	cd "$BATS_TEST_TMPDIR"
	set -u
	# shellcheck disable=SC2016 # nothing of this may expand
	for odd in '*' '@' '[' ']' '"' "'" \\ '$(touch evil)' '`touch evil`' 'a[$(touch evil)]' \
		'$HOME' '-' '--' '-=' '--=' '=' ':' '::' '!' ';' '&' '~' '%' $'\t' '-w' '--nonsense=x' \
		'{a,b}' '<(touch evil)' 'readuntil' '?' '-[' '-$(touch evil)'; do
		for command in "$odd" "connect $odd" "connect $odd " "connect 80 $odd" \
			"connect 80 $odd x" "connect --cacert=$odd" "connect --cacert $odd" \
			"listen --run $odd" "listen 80 exec $odd" "listen 80 to $odd" "connect 80 info $odd" "connect 80 writefile $odd" "head $odd" "help $odd"; do
			complete_line "liu $command" 2>"$BATS_TEST_TMPDIR/errors" || fail "$command: status $?"
			[ ! -s "$BATS_TEST_TMPDIR/errors" ] || fail "$command: $(cat "$BATS_TEST_TMPDIR/errors")"
		done
	done
	[ ! -e evil ] || fail "something has been evaluated"
	COMP_WORDS=() COMP_CWORD=0 COMP_LINE='' COMPREPLY=(x)
	_liu
	assert_equal 0 "${#COMPREPLY[@]}"
	COMP_WORDS=(liu) COMP_CWORD=7 COMP_LINE='liu' COMPREPLY=()
	_liu
	COMP_WORDS=(liu connect --cr) COMP_CWORD=2 COMP_LINE=''
	_liu
	assert_equal --crlf "${COMPREPLY[*]}"
}

@test "the completion and the tests' scripts please shellcheck" {
	need shellcheck
	run shellcheck "$COMPLETION" "$BATS_TEST_DIRNAME/manual-examples" \
		"$BATS_TEST_DIRNAME/manual-tables"
	assert_equal '' "$output"
}
