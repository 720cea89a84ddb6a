// Command deb makes what the Debian package says about itself: its changelog, out of
// CHANGELOG.md, and the copyrights and licences of everything that is linked into the
// daemon or embedded in it.
//
//	go run ./packaging/deb -version 1.2.3 -date 1764374400 -arch amd64 DIR
//
// from the module's root. scripts/deb runs it. It writes DIR/changelog and DIR/copyright,
// and refuses where a licence is missing or none that it knows.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// maintainer is who signs the package's changelog; nfpm.yaml says the same.
const maintainer = "joingyd maintainers <joingyd@users.noreply.github.com>"

// homepage is where the sources are.
const homepage = "https://github.com/joingyd/joingyd"

func main() {
	version := flag.String("version", "", "the package's version")
	date := flag.Int64("date", 0, "its date, in seconds since 1970")
	arch := flag.String("arch", "amd64", "for which architecture it is, as GOARCH names it")
	flag.Parse()
	if flag.NArg() != 1 || *version == "" {
		fmt.Fprintln(os.Stderr, "deb: usage: deb -version VERSION -date SECONDS -arch ARCH DIR")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *version, *arch, time.Unix(*date, 0).UTC()); err != nil {
		fmt.Fprintf(os.Stderr, "deb: %v\n", err)
		os.Exit(1)
	}
}

func run(dir, version, arch string, date time.Time) error {
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	log, err := changelog(string(changes), version, date)
	if err != nil {
		return fmt.Errorf("CHANGELOG.md: %w", err)
	}
	works, err := linked(arch)
	if err != nil {
		return err
	}
	for _, notice := range []string{"web/parts/dist/NOTICE.txt", "admin/desk/dist/NOTICE.txt"} {
		text, err := os.ReadFile(notice)
		if err != nil {
			return fmt.Errorf("%w; run make parts, which embeds the browsers' parts", err)
		}
		embedded, err := noticed(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", notice, err)
		}
		works = append(works, embedded...)
	}
	own, err := ownWork()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "changelog"), []byte(log), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "copyright"), []byte(copyright(own, works)), 0o644)
}
