package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/policy/expr"
	"github.com/jitaccess/jit/internal/policy/strict"
)

// Source is one file of a policy. Files that it names are relative to its name.
type Source = strict.Source

// Files reads a file that a policy names. The path is the name as written,
// joined to the directory of the file that names it unless it is absolute.
type Files func(path string) ([]byte, error)

// compiled is an entitlement with its expression ready to run.
type compiled struct {
	Entitlement
	at   position
	when *expr.Program // nil where there is none
}

// Compile checks sources and makes them one policy. It is pure but for files,
// which may be nil where no entitlement names one. The error is of class Config
// and has all mistakes, as Errors.
func Compile(sources []Source, files Files) (*Policy, error) {
	c := &compilation{files: files, named: map[string][]byte{}, first: map[string]position{}}
	for _, s := range sources {
		c.source(s)
	}
	if err := c.problems.Err("correct the policy; jit policy check tells whether it is right"); err != nil {
		return nil, err
	}
	if len(c.entitlements) == 0 {
		return nil, fault.New(fault.Config, "the policy has no entitlement").
			WithHint("add one under entitlements:")
	}
	slices.SortFunc(c.entitlements, func(a, b *compiled) int { return cmp.Compare(a.Name, b.Name) })
	contents := c.contents(sources)
	return &Policy{Hash: hashOf(contents), Files: c.paths(sources), sums: sumsOf(contents), entitlements: c.entitlements}, nil
}

// position is where something was defined.
type position struct {
	file      string
	line, col int
}

// compilation is the state of compiling several files.
type compilation struct {
	problems     strict.Problems
	files        Files
	named        map[string][]byte // by path
	first        map[string]position
	entitlements []*compiled
	compiler     *expr.Compiler // made with the first expression
}

func (c *compilation) source(s Source) {
	doc := strict.Read(s, "a policy", &c.problems)
	if doc == nil {
		return
	}
	f := &file{Reader: doc, c: c, dir: filepath.Dir(s.Name)}
	f.read()
}

// read is the top level of a file.
func (f *file) read() {
	top := f.Object(f.Root, f.Root, "the policy", "version", "entitlements")
	if !top.OK {
		return
	}
	f.version(top)
	entitlements := top.Get("entitlements")
	if entitlements == nil {
		f.Problem(top.At, "a policy must have entitlements")
		return
	}
	entries, ok := f.Mapping(entitlements, "entitlements")
	if ok && len(entries) == 0 {
		f.Problem(entitlements, "entitlements is empty")
	}
	for _, e := range entries {
		f.entitlement(e)
	}
}

func (f *file) version(top object) {
	n := top.Get("version")
	switch {
	case n == nil:
		f.Problem(top.At, "a policy must begin with version: 1")
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int":
		f.Problem(n, "version must be the number 1")
	case n.Value != "1":
		f.Problem(n, "version %s is not supported by this version of jit, which reads version 1", n.Value)
	}
}

// paths are the files that were read, sorted.
func (c *compilation) paths(sources []Source) []string {
	var paths []string
	for _, s := range sources {
		paths = append(paths, s.Name)
	}
	for path := range c.named {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// contents are all files by their names relative to the policy, so that a policy
// is the same wherever it is checked out.
func (c *compilation) contents(sources []Source) map[string][]byte {
	contents := map[string][]byte{}
	dir := filepath.Dir(sources[0].Name)
	for _, s := range sources {
		contents[relative(dir, s.Name)] = s.Data
	}
	for path, data := range c.named {
		contents[relative(dir, path)] = data
	}
	return contents
}

// hashOf is over names and lengths too, so that no byte can move from one file to
// the next unseen.
func hashOf(contents map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		for _, part := range [][]byte{[]byte(name), contents[name]} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// FileSum is a file of a policy and what was read of it.
type FileSum struct {
	Name   string // relative to the policy, with slashes
	SHA256 string // lower-case hex
}

// Sums are the files that the policy was compiled from, sorted by name.
func (p *Policy) Sums() []FileSum { return slices.Clone(p.sums) }

func sumsOf(contents map[string][]byte) []FileSum {
	sums := make([]FileSum, 0, len(contents))
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		sum := sha256.Sum256(contents[name])
		sums = append(sums, FileSum{name, hex.EncodeToString(sum[:])})
	}
	return sums
}

func relative(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// open reads a file that an entitlement names, once.
func (c *compilation) open(path string) ([]byte, error) {
	if data, ok := c.named[path]; ok {
		return data, nil
	}
	if c.files == nil {
		return nil, errors.New("no files can be named here")
	}
	data, err := c.files(path)
	if err != nil {
		if c.problems.Hint == "" {
			c.problems.Hint = fault.HintOf(err)
		}
		return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", " "))
	}
	c.named[path] = data
	return data, nil
}
