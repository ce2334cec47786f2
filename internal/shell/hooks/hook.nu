# jit's hook for nu: jit hook nu | save -f ~/.jit.nu, and in config.nu:
# source ~/.jit.nu

# Each part of the line is as jit writes it.
def __jit_fit [epoch: string, ticket: string, name: string] {
  ($epoch =~ '^[1-9][0-9]{0,10}$') and ($ticket =~ '^[A-Z][A-Z0-9_]+-[1-9][0-9]*$') and (($ticket | str length) <= 37) and ($name =~ '^[a-z0-9][a-z0-9._-]{0,63}$')
}

# The grants in force of the state file, soonest first.
def __jit_read [now: int] {
  let dir = if ($env.JIT_STATE_DIR? | is-empty) { @STATE@ } else { $env.JIT_STATE_DIR }
  let file = ($dir | path join prompt)
  let kind = (try { $file | path expand | path type } catch { '' })
  if $kind != 'file' { return [] }
  let text = (try { open --raw $file | into binary | first @BYTES@ | decode utf-8 } catch { '' })
  $text | split row "\n" | first @LINES@ | each {|line| $line | split row "\t" } | where {|f| ($f | length) == 3 and (__jit_fit $f.0 $f.1 $f.2) and (($f.0 | into int) > $now) }
}

# Sets JIT_PROMPT, and __JIT_COLOUR to the colour of what is left.
def --env __jit_hook [] {
  let now = ((date now | into int) // 1_000_000_000)
  let own = [($env.JIT_EXPIRES_AT? | default '' | into string) ($env.JIT_TICKET? | default '') ($env.JIT_ENTITLEMENT? | default '')]
  let found = if (__jit_fit $own.0 $own.1 $own.2) { [$own] } else { __jit_read $now }
  if ($found | is-empty) {
    hide-env --ignore-errors JIT_PROMPT
    return
  }
  let left = ($found.0.0 | into int) - $now
  let minutes = ($left mod 3600 // 60 | fill --alignment right --character '0' --width 2)
  let text = if $left <= 0 { 'expired' } else if $left < 60 { $'($left)s' } else if $left < 3600 { $'($left // 60)m' } else { $'($left // 3600)h($minutes)m' }
  let more = if ($found | length) > 1 { $" +(($found | length) - 1)" } else { '' }
  $env.__JIT_COLOUR = if $left < @RED@ { 'red' } else if $left < @YELLOW@ { 'yellow' } else { 'green' }
  $env.JIT_PROMPT = $"($found.0.1) ($found.0.2) ($text)($more)"
}

# The part of the prompt.
def __jit_prompt [] {
  if ($env.JIT_PROMPT? | is-empty) {
    ''
  } else if ($env.NO_COLOR? | is-not-empty) or ($env.TERM? == 'dumb') {
    $"($env.JIT_PROMPT) "
  } else {
    $"(ansi $env.__JIT_COLOUR)($env.JIT_PROMPT)(ansi reset) "
  }
}

# Puts the hook in, once in each nu.
def --env __jit_start [] {
  __jit_hook
  if $env.__JIT_NU? == $nu.pid { return }
  $env.__JIT_NU = $nu.pid
  $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {|| __jit_hook })
  if '@SHOW@' == '1' {
    let user = ($env.PROMPT_COMMAND? | default '')
    $env.PROMPT_COMMAND = {|| $"(__jit_prompt)(if ($user | describe) == 'closure' { do $user } else { $user })" }
  }
}
__jit_start
