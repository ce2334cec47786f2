# jit's hook for fish, 3.5 or later. In config.fish: jit hook fish | source
set -g __jit_state @STATE@
set -g __jit_show @SHOW@

# __jit_fit EPOCH TICKET ENTITLEMENT: each is as jit writes it.
function __jit_fit
    string match -qr -- '^[1-9][0-9]{0,10}\z' "$argv[1]"
    and string match -qr -- '^(?=.{4,37}\z)[A-Z][A-Z0-9_]+-[1-9][0-9]*\z' "$argv[2]"
    and string match -qr -- '^[a-z0-9][a-z0-9._-]{0,63}\z' "$argv[3]"
end

# __jit_hook sets JIT_PROMPT, and __jit_colour to the colour of what is left.
function __jit_hook --on-event fish_prompt
    set -l code $status
    # Without a clock of its own, fish tells how long ago a file was changed.
    set -l at (path mtime /)
    set -l ago (path mtime -R /)
    set -l now (math -s0 -- "$at" + "$ago")
    set -l found
    set -l more 0
    if __jit_fit "$JIT_EXPIRES_AT" "$JIT_TICKET" "$JIT_ENTITLEMENT"
        set found $JIT_EXPIRES_AT $JIT_TICKET $JIT_ENTITLEMENT
    else
        set -l file $__jit_state/prompt
        test -n "$JIT_STATE_DIR"
        and set file $JIT_STATE_DIR/prompt
        set -l text
        test -f "$file" -a -r "$file"
        and read -z -n @BYTES@ text <$file
        set -l lines (string split -- \n "$text")
        test (count $lines) -gt @LINES@
        and set lines $lines[1..@LINES@]
        for line in $lines
            set -l f (string split -- \t "$line")
            if test (count $f) -ne 3; or not __jit_fit $f; or test $f[1] -le $now
                continue
            else if set -q found[1]
                set more (math $more + 1)
            else
                set found $f
            end
        end
    end
    if not set -q found[1]
        set -e JIT_PROMPT
        return $code
    end
    set -l left (math $found[1] - $now)
    set -g __jit_colour red
    if test $left -le 0
        set left expired
    else if test $left -lt 60
        set left {$left}s
    else
        test $left -ge @RED@
        and set __jit_colour yellow
        test $left -ge @YELLOW@
        and set __jit_colour green
        if test $left -lt 3600
            set left (math -s0 $left / 60)m
        else
            set left (math -s0 $left / 3600)h(string pad -c 0 -w 2 (math -s0 $left % 3600 / 60))m
        end
    end
    test $more -eq 0
    or set left "$left +$more"
    set -gx JIT_PROMPT "$found[2] $found[3] $left"
    return $code
end

# __jit_exit CODE lets what follows see the exit code of the user's command.
function __jit_exit
    return $argv[1]
end

if test $__jit_show = 1; and not functions -q __jit_fish_prompt
    functions -q fish_prompt
    or function fish_prompt
    end
    functions --copy fish_prompt __jit_fish_prompt
    function fish_prompt
        set -l code $status
        if test $__jit_show != 1; or test -z "$JIT_PROMPT"
            # Nothing is to be shown, or no longer.
        else if test -z "$NO_COLOR"; and test "$TERM" != dumb
            set_color $__jit_colour
            printf '%s' $JIT_PROMPT
            set_color normal
            printf ' '
        else
            printf '%s ' $JIT_PROMPT
        end
        __jit_exit $code
        __jit_fish_prompt
    end
end
__jit_hook
