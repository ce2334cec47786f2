# jit's hook for zsh. In ~/.zshrc: eval "$(jit hook zsh)"
typeset -g __jit_state=@STATE@
typeset -g __jit_show=@SHOW@
typeset -g __jit_key= __jit_text= __jit_ps1= __jit_from=0 __jit_until=0
typeset -g __jit_sysread= __jit_datetime=
! zmodload -F zsh/datetime p:EPOCHSECONDS 2>/dev/null || __jit_datetime=1
! zmodload -F zsh/system b:sysread 2>/dev/null || __jit_sysread=1

# __jit_fit EPOCH TICKET ENTITLEMENT: each is as jit writes it, and so has
# nothing that a prompt expands. It runs under the options of __jit_renew.
__jit_fit() {
  [[ $1 == [1-9]* && $1 != *[^0-9]* && $#1 -le 11 &&
    $2 == [A-Z][A-Z0-9_]*-[1-9]* && ${2%-*} != *[^A-Z0-9_]* && ${2##*-} != *[^0-9]* && $#2 -le 37 &&
    $3 == [a-z0-9]* && $3 != *[^a-z0-9._-]* && $#3 -le 64 ]]
}

# __jit_find sets epoch, ticket and name to those of the grant to show, out of the
# shell's own and those of rest, and more to how many others are in force.
__jit_find() {
  if __jit_fit "${JIT_EXPIRES_AT-}" "${JIT_TICKET-}" "${JIT_ENTITLEMENT-}"; then
    epoch=$JIT_EXPIRES_AT ticket=$JIT_TICKET name=$JIT_ENTITLEMENT
    return 0
  fi
  local line e t n
  local -i count=0
  [[ $#rest -lt @BYTES@ ]] || rest=${rest%$'\n'*}
  while [[ -n $rest && $count -lt @LINES@ ]]; do
    count=count+1 line=${rest%%$'\n'*}
    if [[ $rest == *$'\n'* ]]; then rest=${rest#*$'\n'}; else rest=; fi
    e=${line%%$'\t'*} t=${line#*$'\t'} n=${line##*$'\t'}
    t=${t%$'\t'*}
    if ! __jit_fit "$e" "$t" "$n" || [[ $e -le $now ]]; then
      continue
    elif [[ -z $epoch ]]; then
      epoch=$e ticket=$t name=$n
    else
      more=more+1
    fi
  done
}

# __jit_renew makes JIT_PROMPT and its part of PS1 anew.
__jit_renew() {
  # Without percent escapes in prompts there is no colour and no mark.
  local percent=; [[ ! -o promptpercent ]] || percent=1
  emulate -L zsh
  unsetopt errexit errreturn nounset xtrace warncreateglobal
  setopt nomultibyte
  local epoch= ticket= name= text= colour= mark='%{%}%{%}' around
  local -i left more=0
  __jit_key=$key __jit_from=$now __jit_until=999999999999
  __jit_find
  if [[ -n $epoch ]]; then
    left=epoch-now
    (( left <= 0 )) || __jit_until=$((now + 1))
    (( left < 60 )) || __jit_until=$((now + left % 60 + 1))
    if (( left <= 0 )); then text=expired colour=red
    elif (( left < 60 )); then text=${left}s colour=red
    elif (( left < @RED@ )); then text=$((left / 60))m colour=red
    elif (( left < @YELLOW@ )); then text=$((left / 60))m colour=yellow
    elif (( left < 3600 )); then text=$((left / 60))m colour=green
    else text=$((left / 3600))h${(l:2::0:)$((left % 3600 / 60))}m colour=green
    fi
    text="$ticket $name $text"
    (( more == 0 )) || text+=" +$more"
    export JIT_PROMPT=$text
  else
    unset JIT_PROMPT
  fi
  __jit_text=$text
  # What was put in before is taken out, wherever in PS1 it is by now.
  if [[ -n $percent && ${PS1-} == *"$mark"*"$mark"* ]]; then
    around=${PS1#*"$mark"}
    PS1=${PS1%%"$mark"*}${around#*"$mark"}
  fi
  if [[ $__jit_show == 1 && -n $percent && -n ${PS1+set} ]]; then
    if [[ -n $text && ( -n ${NO_COLOR-} || ${TERM-} == dumb ) ]]; then
      PS1="$mark$text $mark$PS1"
    elif [[ -n $text ]]; then
      PS1="$mark%F{$colour}$text%f $mark$PS1"
    fi
  fi
  __jit_ps1=${PS1-}
}

# __jit_hook runs before each prompt, under whatever options the user has. Most
# runs find what the one before has left. zsh itself gives the user's $? back after
# each such function; to return it would spring the user's trap for errors again.
__jit_hook() {
  local now='' file="${JIT_STATE_DIR:-$__jit_state}/prompt" rest='' key=''
  [[ -z "$__jit_datetime" ]] || now="${EPOCHSECONDS-}"
  [[ -n "$now" ]] || now=${(%):-%D{%s}}
  if [[ -f "$file" && -r "$file" ]]; then
    if [[ -n "$__jit_sysread" ]]; then
      sysread -s @BYTES@ rest <"$file" || :
    else
      IFS= read -r -u 0 -k @BYTES@ rest <"$file" || :
    fi
  fi
  key="${JIT_EXPIRES_AT-} ${JIT_TICKET-} ${JIT_ENTITLEMENT-} ${NO_COLOR-} ${TERM-} $rest"
  [[ "$key" == "$__jit_key" && "$now" -ge "$__jit_from" && "$now" -lt "$__jit_until" &&
    "${JIT_PROMPT-}" == "$__jit_text" && "${PS1-}" == "$__jit_ps1" ]] || __jit_renew
  return 0
}

# What shows the prompt itself comes last, after whatever sets PS1; what only
# sets JIT_PROMPT comes first, before whatever reads it.
() {
  emulate -L zsh
  typeset -ga precmd_functions
  precmd_functions=("${(@)precmd_functions:#__jit_hook}")
  if [[ $__jit_show == 1 ]]; then
    precmd_functions+=(__jit_hook)
  else
    precmd_functions=(__jit_hook "${(@)precmd_functions}")
  fi
}
__jit_hook || :
