package admin_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
)

// A client that goes away leaves what was made, and a line in the log.
func TestImportOfAClientThatGoesAway(t *testing.T) {
	f := newFixture(t)
	t.Run("while the server runs", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		client := connect(t, serve(t, f))
		list := io.MultiReader(strings.NewReader(addresses(25_000)), readerFunc(func([]byte) (int, error) {
			leave()
			return 0, ctx.Err()
		}))
		if _, err := client.Import(ctx, admin.ImportRequest{Name: "drop.txt"}, list); !errors.Is(err, context.Canceled) {
			t.Errorf("Import: %v", err)
		}
	})
	if n := f.bans.Len(); n != 20_000 {
		t.Errorf("%d bans, want two batches", n)
	}
	if log := f.log.String(); !strings.Contains(log, "import of bans broken off") || !strings.Contains(log, "up_to_line=20000") {
		t.Errorf("log = %s", log)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Why the daemon stops reading is told to a client that has not said all.
func TestImportThatStopsEarly(t *testing.T) {
	f := newFixture(t)
	client := connect(t, serve(t, f))
	const text = `[{"value":"203.0.113.1"},{]`
	_, err := client.Import(t.Context(), admin.ImportRequest{}, io.MultiReader(strings.NewReader(text), &repeated{text: strings.Repeat(" ", 1<<20), times: 50}))
	wantError(t, "a list that makes no sense", err, admin.CodeInternal, "line 1: this is not what cscli decisions list -o json writes")
	f.bans.Close()
	_, err = client.Import(t.Context(), admin.ImportRequest{Format: "plain"}, &repeated{text: addresses(1000), times: 1000})
	wantError(t, "a store that is closed", err, admin.CodeInternal, "")
}
