// Package strict reads YAML that people write and that must not be misread: it
// tells all mistakes at once, each with the place of the very word, and takes no
// unknown key, no second document and no value of another type than is meant.
package strict

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxNodes bounds the values that are looked at in one file, aliased ones once
// for each alias: ten lines of aliases can stand for a billion values. It is our
// own choice; a thousand entitlements of a hundred values each fit.
const maxNodes = 200_000

// Source is one file.
type Source struct {
	Name string // the path, which messages begin with
	Data []byte
}

// Reader walks over the nodes of one document instead of decoding into structs,
// because it must tell all mistakes, each with the place of the very word.
type Reader struct {
	Name     string
	Root     *yaml.Node
	Problems *Problems
	kind     string
	lines    []string
	visits   int
}

// Read reads the one document of a file of some kind, such as "a policy", or
// tells what is wrong and returns nil.
func Read(s Source, kind string, p *Problems) *Reader {
	if !utf8.Valid(s.Data) {
		p.Add(s.Name, 1, 1, "the file is not UTF-8 text")
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(s.Data))
	if err != nil {
		p.Add(s.Name, 1, 1, "%s", yamlMessage(err))
		return nil
	}
	var doc, second yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		p.Add(s.Name, 1, 1, "the file is empty")
		return nil
	case err != nil:
		addYAML(p, s.Name, err)
		return nil
	case doc.Kind != yaml.DocumentNode || len(doc.Content) != 1:
		p.Add(s.Name, 1, 1, "the file is empty")
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		p.Add(s.Name, second.Line, second.Column, "%s file holds one document, and here a second begins", kind)
	case !errors.Is(err, io.EOF):
		addYAML(p, s.Name, err)
	}
	return &Reader{Name: s.Name, Root: doc.Content[0], Problems: p, kind: kind, lines: strings.Split(string(s.Data), "\n")}
}

func addYAML(p *Problems, file string, err error) {
	line, col := 1, 1
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, col = e.Mark.Line, e.Mark.Column
	}
	p.Add(file, line, col, "%s", yamlMessage(err))
}

func yamlMessage(err error) string {
	msg := err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		msg = e.Message
		if e.ContextMsg != "" {
			msg += " " + e.ContextMsg
		}
	}
	return strings.ReplaceAll(strings.TrimPrefix(msg, "yaml: "), "\n", " ")
}

// Line is a line of the file, from 1.
func (r *Reader) Line(number int) string {
	if number < 1 || number > len(r.lines) {
		return ""
	}
	return strings.TrimSuffix(r.lines[number-1], "\r")
}

// Problem tells a mistake at a node.
func (r *Reader) Problem(n *yaml.Node, format string, args ...any) {
	r.Problems.Add(r.Name, n.Line, n.Column, format, args...)
}

// Resolve follows an alias and counts the visit.
func (r *Reader) Resolve(n *yaml.Node) (*yaml.Node, bool) {
	r.visits++
	if r.visits > maxNodes {
		if r.visits == maxNodes+1 {
			r.Problem(r.Root, "the aliases of this file stand for more than %d values", maxNodes)
		}
		return n, false
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, n != nil
}
