# jit's hook for bash, 3.2 or later. In ~/.bashrc: eval "$(jit hook bash)"
__jit_state=@STATE@
__jit_show=@SHOW@
__jit_key= __jit_text= __jit_ps1= __jit_from=0 __jit_until=0

# __jit_fit EPOCH TICKET ENTITLEMENT: each is as jit writes it, and so has
# nothing that a prompt expands. Ranges such as A-Z would depend on the locale.
__jit_fit() {
  case $1 in '' | 0* | *[!@DIGITS@]* | ????????????*) return 1 ;; esac
  case ${2%-*} in '' | ? | [!@UPPER@]* | *[!@UPPER@@DIGITS@_]*) return 1 ;; esac
  case ${2##*-} in '' | 0* | *[!@DIGITS@]*) return 1 ;; esac
  case $3 in '' | [!@LOWER@@DIGITS@]* | *[!@LOWER@@DIGITS@._-]*) return 1 ;; esac
  [ "${#2}" -le 37 ] && [ "${#3}" -le 64 ]
}

# __jit_clock sets now without a process where bash can: EPOCHSECONDS is of 5.0,
# which __jit_hook reads by itself, and this format is of 4.2. Before that, one
# date and then SECONDS; a new date where somebody has set SECONDS back, and no
# time, so that no grant looks alive, where SECONDS counts no more.
__jit_clock() {
  builtin printf -v now '%(%s)T' -1 2>/dev/null || now=
  case $now in '' | *[!@DIGITS@]*) ;; *) return 0 ;; esac
  now=
  case ${SECONDS-} in '' | *[!@DIGITS@]*) return 0 ;; esac
  if [ -z "${__jit_epoch-}" ] || [ "$SECONDS" -lt "$__jit_mark" ]; then
    __jit_epoch=$(command date +%s) || __jit_epoch=
    case $__jit_epoch in '' | *[!@DIGITS@]*) __jit_epoch= && return 0 ;; esac
  else
    __jit_epoch=$((__jit_epoch + SECONDS - __jit_mark))
  fi
  __jit_mark=$SECONDS now=$__jit_epoch
}

# __jit_take reads the start of a file into rest; -N, which takes it in one go,
# is not in 3.2.
if [ "${BASH_VERSINFO[0]}" -ge 5 ]; then
  __jit_take() { IFS= builtin read -r -N @BYTES@ rest; }
else
  __jit_take() { IFS= builtin read -r -d '' -n @BYTES@ rest; }
fi

# __jit_find sets epoch, ticket and name to those of the grant to show, out of the
# shell's own and those of rest, and more to how many others are in force.
__jit_find() {
  epoch= more=0
  if __jit_fit "${JIT_EXPIRES_AT-}" "${JIT_TICKET-}" "${JIT_ENTITLEMENT-}"; then
    epoch=$JIT_EXPIRES_AT ticket=$JIT_TICKET name=$JIT_ENTITLEMENT
    return 0
  fi
  local line e t n count=0
  [ "${#rest}" -lt @BYTES@ ] || rest=${rest%$'\n'*}
  while [ -n "$rest" ] && [ "$count" -lt @LINES@ ]; do
    count=$((count + 1)) line=${rest%%$'\n'*}
    case $rest in *$'\n'*) rest=${rest#*$'\n'} ;; *) rest= ;; esac
    e=${line%%$'\t'*} t=${line#*$'\t'} n=${line##*$'\t'}
    t=${t%$'\t'*}
    if ! __jit_fit "$e" "$t" "$n" || [ "$e" -le "$now" ]; then
      continue
    elif [ -z "$epoch" ]; then
      epoch=$e ticket=$t name=$n
    else
      more=$((more + 1))
    fi
  done
}

# __jit_renew makes JIT_PROMPT and its part of PS1 anew.
__jit_renew() {
  local epoch= ticket name more left minutes text= colour mark='\[\]\[\]' around
  __jit_key=$key __jit_from=$now __jit_until=999999999999
  [ -z "$now" ] || __jit_find
  if [ -n "$epoch" ]; then
    left=$((epoch - now)) minutes=$(((epoch - now) % 3600 / 60))
    [ "$minutes" -ge 10 ] || minutes=0$minutes
    [ "$left" -le 0 ] || __jit_until=$((now + 1))
    [ "$left" -lt 60 ] || __jit_until=$((now + left % 60 + 1))
    if [ "$left" -le 0 ]; then text=expired colour=31
    elif [ "$left" -lt 60 ]; then text=${left}s colour=31
    elif [ "$left" -lt @RED@ ]; then text=$((left / 60))m colour=31
    elif [ "$left" -lt @YELLOW@ ]; then text=$((left / 60))m colour=33
    elif [ "$left" -lt 3600 ]; then text=$((left / 60))m colour=32
    else text=$((left / 3600))h${minutes}m colour=32
    fi
    text="$ticket $name $text"
    [ "$more" -eq 0 ] || text="$text +$more"
    export JIT_PROMPT="$text"
  else
    unset JIT_PROMPT
  fi
  __jit_text=$text
  # What was put in before is taken out, wherever in PS1 it is by now.
  case ${PS1-} in
    *"$mark"*"$mark"*) around=${PS1#*"$mark"} && PS1=${PS1%%"$mark"*}${around#*"$mark"} ;;
  esac
  [ "$__jit_show" = 1 ] && [ -n "${PS1+set}" ] || { __jit_ps1=${PS1-} && return 0; }
  if [ -n "$text" ] && { [ -n "${NO_COLOR-}" ] || [ "${TERM-}" = dumb ]; }; then
    PS1="$mark$text $mark$PS1"
  elif [ -n "$text" ]; then
    PS1="$mark\\[\\e[${colour}m\\]$text\\[\\e[0m\\] $mark$PS1"
  fi
  __jit_ps1=$PS1
}

# __jit_hook runs before each prompt. Most find what the one before has left. It
# leaves the user's $? to what comes after it, which must not look like another
# failure to a trap for ERR: in PROMPT_COMMAND it stands before &&, where it does
# not.
__jit_hook() {
  local code=$? now file=${JIT_STATE_DIR:-$__jit_state}/prompt rest= key
  case ${BASH_VERSINFO[0]}:${EPOCHSECONDS-} in
    [1234]:* | *: | *[!@DIGITS@:]*) __jit_clock ;;
    *) now=$EPOCHSECONDS ;;
  esac
  if [[ -f $file && -r $file ]]; then
    __jit_take <"$file" || :
  fi
  key="${JIT_EXPIRES_AT-} ${JIT_TICKET-} ${JIT_ENTITLEMENT-} ${NO_COLOR-} ${TERM-} $rest"
  [[ -n $now && $key == "$__jit_key" && $now -ge $__jit_from && $now -lt $__jit_until &&
    ${JIT_PROMPT-} == "$__jit_text" && ${PS1-} == "$__jit_ps1" ]] || __jit_renew
  case $- in *e*) return 0 ;; esac # an eval by another program would end the shell
  return "$code"
}

# What shows the prompt itself comes last, after whatever sets PS1; what only
# sets JIT_PROMPT comes first, before whatever reads it.
case "${PROMPT_COMMAND[*]-}" in
  *__jit_hook*) ;;
  *)
    if [ -n "${PROMPT_COMMAND[1]+set}" ] && [ "$__jit_show" = 1 ]; then
      PROMPT_COMMAND+=('__jit_hook && :')
    elif [ -n "${PROMPT_COMMAND[1]+set}" ]; then
      PROMPT_COMMAND=('__jit_hook && :' "${PROMPT_COMMAND[@]}")
    elif [ "$__jit_show" = 1 ]; then
      PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}__jit_hook && :"
    else
      PROMPT_COMMAND="__jit_hook && :${PROMPT_COMMAND:+
$PROMPT_COMMAND}"
    fi
    ;;
esac
__jit_hook || :
