# jit's hook for elvish. In rc.elv: eval (jit hook elvish | slurp)
# elvish cannot tell the time, so jit runs before a prompt while the state file
# is not empty, or the shell has a grant of its own.
use path
var state = @STATE@
var colour = red
# A file's size is told by elvish 0.20 and later. Before, its first line is read,
# however long it is: there is nothing that reads less.
var filled = {|file| read-upto "\n" < $file | not-eq (one) '' }
try { set filled = (eval 'use os; put {|file| != 0 (os:stat &follow-symlink=$true $file)[size] }') } catch { nop }
fn some {
  var dir = $state
  if (not-eq $E:JIT_STATE_DIR '') { set dir = $E:JIT_STATE_DIR }
  var file = $dir/prompt
  or (not-eq $E:JIT_EXPIRES_AT '') (and (path:is-regular &follow-symlink=$true $file) (try { $filled $file } catch { put $false }))
}
fn hook {
  unset-env JIT_PROMPT
  if (some) {
    try {
      var found = (e:jit prompt --format json 2> /dev/null | from-json)
      set-env JIT_PROMPT $found[text]
      set colour = $found[colour]
    } catch { nop }
  }
}
# What has to do with prompts exists only where elvish is interactive, and is
# put in once in each elvish.
if (not-eq $E:__JIT_ELVISH $pid) {
  set-env __JIT_ELVISH $pid
  try {
    eval &ns=(ns [&hook~=$hook~ &colour-of={ put $colour } &show=@SHOW@]) '
      set edit:before-readline = [$@edit:before-readline $hook~]
      if (==s $show 1) {
        var user = $edit:prompt
        set edit:prompt = {
          if (not-eq $E:JIT_PROMPT "") {
            if (or (not-eq $E:NO_COLOR "") (==s $E:TERM dumb)) { put $E:JIT_PROMPT } else { styled $E:JIT_PROMPT ($colour-of) }
            put " "
          }
          $user
        }
      }'
  } catch { nop }
}
hook
