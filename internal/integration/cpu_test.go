package integration

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What a cached credential may cost: user and system time, as a ratio to an
// empty Go program and to `jit version`, all in one run.
const (
	mostVsEmpty   = 8.0
	mostVsVersion = 1.2
	cpuRuns       = 150
)

// BenchmarkCPU reports what commands that use a grant in force cost. The runs
// take turns, so that whatever else the machine does weighs on each alike.
func BenchmarkCPU(b *testing.B) {
	w := newWorld(b).start()
	empty := emptyProgram(b)
	w.request("data")
	run := map[string]func() result{
		"empty":              func() result { return finish(b, w.program(b.Context(), empty)) },
		"version":            func() result { return w.jit("version") },
		"credential-process": func() result { return w.jit("credential-process", "-e", "data") },
		"status":             func() result { return w.jit("status") },
	}
	times := map[string][]time.Duration{}
	for b.Loop() {
		clear(times)
		for range cpuRuns {
			for name, f := range run {
				times[name] = append(times[name], f().want(b, 0).cpu)
			}
		}
	}
	for _, name := range []string{"version", "credential-process", "status"} {
		cost := float64(median(times[name]))
		vsEmpty, vsVersion := cost/float64(median(times["empty"])), cost/float64(median(times["version"]))
		b.Logf("%-18s %v, %.2f times an empty program, %.2f times jit version", name, median(times[name]), vsEmpty, vsVersion)
		b.ReportMetric(vsEmpty, name+"-vs-empty")
		if name == "version" {
			continue
		}
		b.ReportMetric(vsVersion, name+"-vs-version")
		if vsEmpty > mostVsEmpty || vsVersion > mostVsVersion {
			b.Errorf("jit %s costs %.2f times an empty program (at most %.1f) and %.2f times jit version (at most %.1f)",
				name, vsEmpty, mostVsEmpty, vsVersion, mostVsVersion)
		}
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// emptyProgram builds func main() {}.
func emptyProgram(b *testing.B) string {
	b.Helper()
	dir := filepath.Join(runDir, "empty.src")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	writeFile(b, filepath.Join(dir, "go.mod"), "module empty\n\ngo 1.26.0\n")
	writeFile(b, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	path := filepath.Join(runDir, "empty")
	if err := build(dir, path); err != nil {
		b.Fatal(err)
	}
	return path
}
