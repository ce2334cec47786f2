package audit

import (
	"context"
	"errors"
	"io/fs"
)

// link is what the verifier keeps of a record.
type link struct {
	file string
	seq  uint64 // of the name; 0 for a name that is no record's
	hash string // of the bytes, whatever they are
	err  error  // the bytes are no record

	record Record // without Raw
}

// fetch reads a chain's records, several at a time, and hands them on in order.
// The second function returns what ended it early, and is to be called when the
// channel is closed.
func (v *verifier) fetch(ctx context.Context, writer string) (<-chan chan link, func() error) {
	queue := make(chan chan link, v.options.Parallel)
	var failed error
	go func() {
		defer close(queue)
		for file, err := range v.store.Files(ctx, writer) {
			if err == nil {
				err = v.enqueue(ctx, writer, file, queue)
			}
			if err != nil {
				failed = err
				return
			}
		}
	}()
	return queue, func() error { return failed }
}

// enqueue starts to read one record as soon as there is room for it.
func (v *verifier) enqueue(ctx context.Context, writer, file string, queue chan<- chan link) error {
	slot := make(chan link, 1)
	select {
	case queue <- slot:
	case <-ctx.Done():
		return ctx.Err()
	}
	seq, ok := ParseFileName(file)
	if !ok {
		slot <- link{file: file}
		return nil
	}
	v.slots <- struct{}{}
	go func() {
		defer func() { <-v.slots }()
		slot <- v.read(ctx, writer, file, seq)
	}()
	return nil
}

// read makes a link of a record. A store that fails is an error with fatal set.
func (v *verifier) read(ctx context.Context, writer, file string, seq uint64) link {
	l := link{file: file, seq: seq}
	data, err := v.store.Read(ctx, writer+"/"+file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.err = errors.New("it is listed and cannot be read")
		return l
	case IsSpoiled(err):
		l.err = err
		return l
	case err != nil:
		l.err = &storeError{err}
		return l
	}
	if l.record, l.err = Decode(data); l.err != nil {
		l.hash = Hash(data)
		return l
	}
	l.hash, l.record.Raw = l.record.Hash, nil
	return l
}

// storeError is a failure to read, which says nothing about the log.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }
