# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# liu.bash: completion of liu's command line for bash 4.4 and later.
#
# The words come from `liu help --table`, asked for once per shell and program, so that
# they are those of the program at hand. What is typed is only ever compared, never
# evaluated.

declare -gA _liu_options=() # "connect --timeout" -> "D"; "connect -w" -> "D"; switches: ""
declare -gA _liu_steps=()   # "readline" -> "[COUNT]"
declare -gA _liu_flags=()   # "readline" -> " reads record "
declare -ga _liu_commands=() _liu_topics=()
declare -g _liu_program=

_liu_info_keys=(peername sockname family rtt tls-version cipher alpn server-name peercert
	peercert-subject peercert-issuer peercert-names peercert-not-after peercert-days-left
	peercert-sha256 peercert-pin)
_liu_frame_formats=(u8 u16be u16le u32be u32le u64be u64le varint netstring octets lsp)
_liu_faults=(delay= chunk= drop-rate= stall-after= reset-after= close-after= truncate-after=)
_liu_schemes=(tcp: tls: unix: fd: sd: vsock:)

# _liu_load PROGRAM: read its tables, unless that has been done.
_liu_load() {
	local program=$1 table kind one two three four _
	[[ $1 == "$_liu_program" ]] && return 0
	# shellcheck disable=SC2088 # a tilde as it was typed
	[[ $program == '~/'* ]] && program=$HOME/${program#'~/'}
	program=$(type -P -- "$program") || return 1
	table=$("$program" help --table 2>/dev/null </dev/null) || return 1
	_liu_options=() _liu_steps=() _liu_flags=() _liu_commands=() _liu_topics=()
	# A tab would not keep empty fields apart.
	while IFS=$'\037' read -r kind one two three four _; do
		case $kind in
		command) _liu_commands+=("$one") ;;
		option)
			[[ -z $two ]] || _liu_options["$one $two"]=$four
			[[ -z $three ]] || _liu_options["$one $three"]=$four
			;;
		step)
			[[ -n $one ]] || continue
			_liu_steps["$one"]=$two
			_liu_flags["$one"]=" $four"
			;;
		topic) _liu_topics+=("$one") ;;
		esac
	done <<<"${table//$'\t'/$'\037'}"
	_liu_program=$1
}

# _liu_words: the words up to the cursor into the array `words`. Bash cuts at the ':' and '=' of
# COMP_WORDBREAKS; what stands together in COMP_LINE is put together again.
_liu_words() {
	local rest=${COMP_LINE-} word gap joined=0 i
	words=()
	for ((i = 0; i <= ${COMP_CWORD:-0} && i < ${#COMP_WORDS[@]}; i++)); do
		word=${COMP_WORDS[i]}
		gap=1
		if [[ -n $rest && $rest != [[:space:]]* && ($joined == 1 || $word == [:=]*) ]]; then
			gap=0
		fi
		rest=${rest#"${rest%%[![:space:]]*}"}
		rest=${rest#"$word"}
		joined=0
		[[ $word == *[:=] ]] && joined=1
		if ((gap || ${#words[@]} == 0)); then
			words+=("$word")
		else
			words[-1]+=$word
		fi
	done
}

# _liu_add WORD...: those that begin with `cur`.
_liu_add() {
	local word
	for word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
	done
	return 0
}

# _liu_files [-d] PREFIX: names of files, or directories, after PREFIX of `cur`.
_liu_files() {
	local action=-f names name
	if [[ $1 == -d ]]; then
		action=-d
		shift
	fi
	mapfile -t names < <(compgen "$action" -- "${cur#"$1"}" 2>/dev/null)
	for name in "${names[@]}"; do
		COMPREPLY+=("$1$name")
	done
	compopt -o filenames 2>/dev/null
	return 0
}

# _liu_address: schemes, and paths where one has begun.
_liu_address() {
	local scheme=
	[[ $cur == tls:* ]] && scheme=tls:
	case ${cur#"$scheme"} in
	/* | ./* | ../*) _liu_files "$scheme" ;;
	unix:@*) ;;
	unix:*) _liu_files "${scheme}unix:" ;;
	*)
		_liu_add "${_liu_schemes[@]/#/$scheme}"
		compopt -o nospace 2>/dev/null
		;;
	esac
	return 0
}

# _liu_shell_command: what the shell would run.
_liu_shell_command() {
	mapfile -t COMPREPLY < <(compgen -c -- "$cur" 2>/dev/null)
}

# _liu_value ARGUMENT PREFIX: what an option may be given, after PREFIX of `cur`.
_liu_value() {
	case $1 in
	FILE) _liu_files "$2" ;;
	DIR) _liu_files -d "$2" ;;
	WHEN) _liu_add "$2auto" "$2always" "$2never" ;;
	sha256:*)
		_liu_add "$2sha256:"
		compopt -o nospace 2>/dev/null
		;;
	KIND)
		_liu_add "${_liu_faults[@]/#/$2}"
		compopt -o nospace 2>/dev/null
		;;
	ADDRESS) [[ -n $2 ]] || _liu_address ;;
	COMMAND) [[ -n $2 ]] || _liu_shell_command ;;
	esac
	return 0
}

# _liu_options_of COMMAND: its options; '=' after those that take an argument.
_liu_options_of() {
	local key name
	local names=()
	for key in "${!_liu_options[@]}"; do
		[[ $key == "$1 "-* ]] || continue
		name=${key#"$1 "}
		case $name:${_liu_options[$key]} in
		*:'' | -[!-]:*) names+=("$name") ;;
		*:'['*) names+=("$name" "$name=") ;;
		*) names+=("$name=") ;;
		esac
	done
	_liu_add "${names[@]}"
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	return 0
}

# _liu_option COMMAND WORD: sets `wanted` to the argument that the next word must be.
_liu_option() {
	local i letter
	wanted=
	case $2 in
	--*=*) ;;
	--*) wanted=${_liu_options["$1 $2"]-} ;;
	-*)
		for ((i = 1; i < ${#2}; i++)); do
			letter=${2:i:1}
			wanted=${_liu_options["$1 -$letter"]-}
			[[ -z $wanted ]] && continue
			((i == ${#2} - 1)) || wanted= # the rest of the word is its argument
			break
		done
		;;
	esac
	[[ $wanted == '['* ]] && wanted=
	return 0
}

# _liu_step_words WORD...: walks over steps; sets `wanted` to what the next word may be: STEP, or
# the name of an argument, with '?' after it where a STEP may stand there too. `seen` gets the
# flags of the steps, and `tried` whether the last of them is try.
_liu_step_words() {
	local word arguments=()
	wanted=STEP
	for word; do
		case $wanted in
		'N?' | 'COUNT?') [[ $word == [0-9]* ]] && { wanted=STEP; continue; } ;;
		'KEY?') [[ -n ${_liu_flags["${word//_/-}"]-} ]] || { wanted=STEP; continue; } ;;
		'or?') [[ $word == or ]] && { wanted=SEP; continue; } ;;
		MODE)
			wanted=END
			case $word in
			exactly) wanted=LAST ;;
			until) wanted=LAST ;;
			esac
			continue
			;;
		SEP)
			wanted='or?'
			continue
			;;
		LAST | END)
			wanted=END
			continue
			;;
		STEP) ;;
		*)
			arguments=("${arguments[@]:1}")
			wanted=${arguments[0]-STEP}
			continue
			;;
		esac
		[[ -n $word ]] || continue
		seen+=${_liu_flags["${word//_/-}"]-}
		tried=0
		[[ $word == try ]] && tried=1
		case ${_liu_steps["${word//_/-}"]-} in
		STEP | '') wanted=STEP ;;
		'[N]') wanted='N?' ;;
		'[COUNT]') wanted='COUNT?' ;;
		'[KEY]') wanted='KEY?' ;;
		'[line'*) wanted=MODE ;;
		SEP*) wanted=SEP ;;
		*)
			read -ra arguments <<<"${_liu_steps["${word//_/-}"]}"
			wanted=${arguments[0]}
			;;
		esac
	done
}

# _liu_may_follow STEP: in a list with the flags of `seen`.
_liu_may_follow() {
	local flags=${_liu_flags["$1"]}
	[[ $seen != *' last '* ]] || return
	[[ ${command-} == listen || $flags != *' others '* ]] || return
	[[ $seen != *' write-eof '* || $flags != *' sends '* ]] || return
	[[ $seen == *' record '* || $flags != *' needs-record '* ]] || return
	[[ $seen == *' reads '* || $flags != *' loops '* ]] || return
	((!tried)) || [[ $1 != try && $flags != *' last '* ]]
}

_liu_next_steps() {
	local step
	for step in "${!_liu_steps[@]}"; do
		_liu_may_follow "$step" && _liu_add "$step"
	done
	return 0
}

_liu_step() {
	case $wanted in
	STEP | 'N?' | 'COUNT?') _liu_next_steps ;;
	'or?')
		_liu_add or
		_liu_next_steps
		;;
	MODE) _liu_add line exactly until ;;
	'KEY?')
		_liu_add "${_liu_info_keys[@]}"
		_liu_next_steps
		;;
	FORMAT) _liu_add "${_liu_frame_formats[@]}" ;;
	PATH) _liu_files '' ;;
	ADDRESS) _liu_address ;;
	COMMAND) _liu_shell_command ;;
	esac
	return 0
}

# _liu_operand COMMAND: where no option stands and no step yet.
_liu_operand() {
	case $1 in
	head)
		_liu_add http:// https://
		compopt -o nospace 2>/dev/null
		;;
	*) _liu_address ;;
	esac
	return 0
}

# _liu_is_host WORD: may a port follow as a word of its own?
_liu_is_host() {
	[[ $1 == *[!0-9]* && $1 != */* && $1 != @(tcp|tls|unix|fd|sd|vsock):* ]] || return 1
	[[ $1 == *:*:* || $1 != *:* ]] # an IPv6 literal, or no port
}

# _liu_command: after the first word.
_liu_command() {
	local command=${words[1]} wanted='' seen='' tried=0 operands=0 options=1 host=0 word i
	local last=$((${#words[@]} - 1))
	for ((i = 2; i < last; i++)); do
		word=${words[i]}
		if [[ -n $wanted ]]; then
			wanted=
		elif ((options)) && [[ $word == -- ]]; then
			options=0
		elif ((options)) && [[ $word == -?* ]]; then
			_liu_option "$command" "$word"
		elif ((operands == 0)) || [[ $command != connect && $command != listen ]]; then
			operands=$((operands + 1))
			_liu_is_host "$word" && host=1
		elif ((host)) && [[ $word == [0-9]* ]]; then
			host=0 # HOST PORT
		else
			break # the first step
		fi
	done
	if ((i < last)); then
		_liu_step_words "${words[@]:i:last-i}"
		_liu_step
	elif [[ -n $wanted ]]; then
		_liu_value "$wanted" ''
	elif ((options)) && [[ $cur == --*=* ]]; then
		word=${_liu_options["$command ${cur%%=*}"]-}
		_liu_value "$word" "${cur%%=*}="
	elif ((options)) && [[ $cur == -* ]]; then
		_liu_options_of "$command"
	elif [[ $command != connect && $command != listen ]] || ((operands == 0)); then
		_liu_operand "$command"
	else
		wanted=STEP
		_liu_step
	fi
}

# _liu_cut: leave out of every answer what bash does not replace, because it stands before the last
# ':' or '=' of the word.
_liu_cut() {
	local prefix='' i separator
	for separator in : =; do
		[[ ${COMP_WORDBREAKS-} == *"$separator"* && $cur == *"$separator"* ]] || continue
		i=${cur%"${cur##*"$separator"}"}
		((${#i} > ${#prefix})) && prefix=$i
	done
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}
	done
	return 0
}

_liu() {
	local IFS=$' \t\n' words=() cur
	COMPREPLY=()
	_liu_words
	((${#words[@]} > 0)) || return 0
	cur=${words[-1]}
	_liu_load "${words[0]}" || return 0
	if ((${#words[@]} <= 2)); then
		_liu_add "${_liu_commands[@]}" --help --version
		[[ $cur != *[:/]* ]] || _liu_address
	elif [[ ${words[1]} == help ]]; then
		((${#words[@]} > 3)) ||
			_liu_add "${_liu_commands[@]}" "${!_liu_steps[@]}" "${_liu_topics[@]}"
	else
		# ADDRESS as the first word is short for connect.
		[[ ${words[1]} == *[!0-9]* && ${words[1]} != *[:/]* ]] || words=("${words[0]}" connect "${words[@]:1}")
		_liu_command
	fi
	_liu_cut
	return 0
}

complete -F _liu liu
