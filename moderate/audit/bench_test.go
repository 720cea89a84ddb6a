package audit_test

import (
	"testing"

	"github.com/joingyd/joingyd/moderate/audit"
)

// BenchmarkAppend is for callers at the same time, who share syncs.
func BenchmarkAppend(b *testing.B) {
	l, err := audit.Open(b.TempDir(), audit.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Append(audit.Record{By: audit.Moderator("anna"), Did: "report.decide", On: "r4k2"}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkVerify reads 1,000 entries.
func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	l, err := audit.Open(dir, audit.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for range 1000 {
		if _, err := l.Append(audit.Record{By: audit.Moderator("anna"), Did: "report.decide", On: "r4k2"}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if report, err := audit.Verify(dir, nil); err != nil || report.Entries != 1000 {
			b.Fatal(report, err)
		}
	}
}
