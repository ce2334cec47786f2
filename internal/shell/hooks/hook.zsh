# jit's hook for zsh. In ~/.zshrc: eval "$(jit hook zsh)"
typeset -g __jit_state=@STATE@
typeset -g __jit_show=@SHOW@
zmodload -F zsh/system b:sysread 2>/dev/null || :

# __jit_fit EPOCH TICKET ENTITLEMENT: each is as jit writes it, and so has
# nothing that a prompt expands. It runs under the options of __jit_hook.
__jit_fit() {
  [[ $1 == [1-9]* && $1 != *[^0-9]* && $#1 -le 11 &&
    $2 == [A-Z][A-Z0-9_]*-[1-9]* && ${2%-*} != *[^A-Z0-9_]* && ${2##*-} != *[^0-9]* && $#2 -le 37 &&
    $3 == [a-z0-9]* && $3 != *[^a-z0-9._-]* && $#3 -le 64 ]]
}

# __jit_find sets epoch, ticket and name to those of the grant to show, and more
# to how many others are in force.
__jit_find() {
  if __jit_fit "${JIT_EXPIRES_AT-}" "${JIT_TICKET-}" "${JIT_ENTITLEMENT-}"; then
    epoch=$JIT_EXPIRES_AT ticket=$JIT_TICKET name=$JIT_ENTITLEMENT
    return 0
  fi
  local file=${JIT_STATE_DIR:-$__jit_state}/prompt rest= line e t n
  local -i count=0
  [[ -f $file && -r $file ]] || return 0
  if (( $+builtins[sysread] )); then
    { sysread -s @BYTES@ rest < $file || : } 2>/dev/null
  else
    { IFS= read -r -u 0 -k @BYTES@ rest < $file || : } 2>/dev/null
  fi
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

__jit_hook() {
  local -i code=$?
  # Without percent escapes in prompts there is no colour and no mark.
  local percent=; [[ ! -o promptpercent ]] || percent=1
  [[ ! -o errexit ]] || code=0 # to return another would end the shell
  emulate -L zsh
  unsetopt errexit errreturn nounset xtrace warncreateglobal
  setopt nomultibyte
  local now=${(%):-%D{%s}} epoch= ticket= name= text= colour= mark='%{%}%{%}' rest
  local -i left more=0
  __jit_find
  if [[ -n $epoch ]]; then
    left=epoch-now
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
  if [[ $__jit_show == 1 && -n $percent && -n ${PS1+set} ]]; then
    # What was put in before is taken out, wherever in PS1 it is by now.
    if [[ $PS1 == *"$mark"*"$mark"* ]]; then
      rest=${PS1#*"$mark"}
      PS1=${PS1%%"$mark"*}${rest#*"$mark"}
    fi
    if [[ -n $text && ( -n ${NO_COLOR-} || ${TERM-} == dumb ) ]]; then
      PS1="$mark$text $mark$PS1"
    elif [[ -n $text ]]; then
      PS1="$mark%F{$colour}$text%f $mark$PS1"
    fi
  fi
  return code
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
