# jit's hook for PowerShell, in $PROFILE:
# jit hook powershell | Out-String | Invoke-Expression
$global:__jit_state = '/home/ada/it''s ’’state'
$global:__jit_show = '0'

# Each part is as jit writes it.
function global:__jit_fit([string]$Epoch, [string]$Ticket, [string]$Name) {
    ($Epoch -cmatch '\A[1-9][0-9]{0,10}\z') -and ($Ticket -cmatch '\A(?=.{4,37}\z)[A-Z][A-Z0-9_]+-[1-9][0-9]*\z') -and ($Name -cmatch '\A[a-z0-9][a-z0-9._-]{0,63}\z')
}

# The grants in force of the state file, soonest first.
function global:__jit_read([long]$Now) {
    $dir = $global:__jit_state
    if ($Env:JIT_STATE_DIR) { $dir = $Env:JIT_STATE_DIR }
    try {
        # A pipe would wait for somebody to write. It has no length, nor has a
        # device; and a link could lead to one. jit makes none of them.
        $path = [IO.Path]::Combine($dir, 'prompt')
        $info = New-Object IO.FileInfo $path
        $link = [IO.Path]::DirectorySeparatorChar -eq '/' -and ($info.Attributes -band [IO.FileAttributes]::ReparsePoint)
        if ($link -or $info.Length -eq 0) { return }
        $file = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')
        try {
            $bytes = New-Object byte[] 4096
            $n = $file.Read($bytes, 0, $bytes.Length)
        } finally { $file.Dispose() }
        $lines = [Text.Encoding]::ASCII.GetString($bytes, 0, $n).Split([char]10)
    } catch { return }
    foreach ($line in ($lines | Select-Object -First 64)) {
        $f = $line.Split([char]9)
        if ($f.Length -eq 3 -and (__jit_fit $f[0] $f[1] $f[2]) -and [long]$f[0] -gt $Now) { , $f }
    }
}

# Sets JIT_PROMPT and returns the colour of what is left.
function global:__jit_hook {
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    if (__jit_fit $Env:JIT_EXPIRES_AT $Env:JIT_TICKET $Env:JIT_ENTITLEMENT) {
        $found = @(, @($Env:JIT_EXPIRES_AT, $Env:JIT_TICKET, $Env:JIT_ENTITLEMENT))
    } else {
        $found = @(__jit_read $now)
    }
    if ($found.Count -eq 0) { Remove-Item -ErrorAction Ignore Env:JIT_PROMPT; return }
    $left = [long]$found[0][0] - $now
    $minutes = [Math]::Floor($left / 60)
    if ($left -le 0) { $text = 'expired' }
    elseif ($left -lt 60) { $text = "${left}s" }
    elseif ($left -lt 3600) { $text = "${minutes}m" }
    else { $text = '{0}h{1:00}m' -f [Math]::Floor($minutes / 60), ($minutes % 60) }
    if ($found.Count -gt 1) { $text += " +$($found.Count - 1)" }
    $Env:JIT_PROMPT = "$($found[0][1]) $($found[0][2]) $text"
    if ($left -lt 120) { '31' } elseif ($left -lt 600) { '33' } else { '32' }
}

if (-not (Test-Path Function:\__jit_prompt)) {
    Copy-Item Function:\prompt Function:\global:__jit_prompt
    function global:prompt {
        $ok = $?
        $code = $global:LASTEXITCODE
        $colour = __jit_hook
        $mine = ''
        if ($Env:JIT_PROMPT -and $global:__jit_show -eq '1') {
            $mine = "$Env:JIT_PROMPT "
            if (-not $Env:NO_COLOR) { $mine = "$([char]27)[${colour}m$Env:JIT_PROMPT$([char]27)[0m " }
        }
        $global:LASTEXITCODE = $code
        # The user's prompt sees the result of the command, as without the hook.
        if (-not $ok) { Write-Error '' -ErrorAction Ignore }
        $mine + (__jit_prompt)
    }
}
