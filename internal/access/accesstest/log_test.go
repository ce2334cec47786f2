package accesstest_test

import (
	"errors"
	"testing"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/access/accesstest"
)

func TestLogContract(t *testing.T) {
	t.Parallel()
	accesstest.LogContract(t, func(*testing.T) accesstest.LogRig {
		log := accesstest.NewLog()
		return accesstest.LogRig{Open: func() access.Log { return log }, Store: log}
	})
}

func TestLogFails(t *testing.T) {
	t.Parallel()
	log, down := accesstest.NewLog(), errors.New("down")
	count := func() int {
		t.Helper()
		records, err := log.Records("ada")
		if err != nil {
			t.Fatal(err)
		}
		return len(records)
	}
	log.FailNext(down)
	if _, err := log.Append(t.Context(), "ada", accesstest.LogEvent(1)); !errors.Is(err, down) || count() != 0 {
		t.Errorf("%v, %d records", err, count())
	}
	log.LoseReply(down)
	if _, err := log.Append(t.Context(), "ada", accesstest.LogEvent(1)); !errors.Is(err, down) || count() != 1 {
		t.Errorf("%v, %d records", err, count())
	}
	if ref, err := log.Append(t.Context(), "ada", accesstest.LogEvent(1)); err != nil || ref.Seq != 2 {
		t.Errorf("%+v, %v", ref, err)
	}
	log.Break(down)
	for range 2 {
		if _, err := log.Append(t.Context(), "ada", accesstest.LogEvent(1)); !errors.Is(err, down) {
			t.Errorf("%v", err)
		}
	}
	log.Break(nil)
	if ref, err := log.Append(t.Context(), "bob", accesstest.LogEvent(1)); err != nil || ref.Seq != 1 || count() != 2 {
		t.Errorf("%+v, %v", ref, err)
	}
}
