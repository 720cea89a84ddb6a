package admin

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/disclosure"
	"github.com/joingyd/joingyd/iplog"
	"github.com/joingyd/joingyd/legalhold"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/evidence"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/totals"
)

// A backup is a tar archive of a manifest, these two, and then, of a site whose daemon
// has run, what that keeps, in the order of the names: all as in the data directory.
const (
	archiveManifest = "manifest.json"
	ArchiveStore    = "joingyd.db" // the ban store
	ArchiveKeys     = "ban.key"    // its keys

	ArchiveAudit    = "audit"            // directory of the audit log's files
	ArchiveEvidence = "evidence"         // directory of sealed evidence and its holds
	ArchiveImages   = "known-images.txt" // hashes of known images
	ArchiveCases    = "moderation.db"    // cases

	ArchiveRequests    = "privacy"        // directory of requests for data
	ArchiveHolds       = "holds"          // directory of the register of holds
	ArchiveIPLog       = "iplog"          // directory of the IP log, of which only what is on hold is there
	ArchiveDisclosures = "disclosures"    // directory of the register of disclosures
	ArchiveTotals      = "totals"         // directory of the figures of days
	ArchiveVisits      = "visits.secret"  // keys of the receipts of visits
	ArchiveSigning     = "disclosure.key" // key that signs disclosures
	ArchiveCluster     = "cluster.key"    // key of what nodes tell each other
)

var archived = []string{ArchiveStore, ArchiveKeys}

// archivedKeys are the files of keys among what else a backup may hold.
var archivedKeys = []string{ArchiveVisits, ArchiveSigning, ArchiveCluster}

// ArchivedKeys lists the files of keys that a backup may hold, besides the bans'.
func ArchivedKeys() []string { return slices.Clone(archivedKeys) }

// optional reports whether a backup may hold a file besides those that each has. Such a
// name is safe in a path.
func optional(name string) bool {
	dir, file, nested := strings.Cut(name, "/")
	if !nested {
		return name == ArchiveCases || name == ArchiveImages || slices.Contains(archivedKeys, name)
	}
	switch dir {
	case ArchiveAudit:
		return audit.IsFile(file)
	case ArchiveEvidence:
		return evidence.IsFile(file)
	case ArchiveRequests:
		return privacy.IsFile(file)
	case ArchiveHolds:
		return legalhold.IsFile(file)
	case ArchiveIPLog:
		return iplog.IsHeld(file)
	case ArchiveDisclosures:
		return disclosure.IsFile(file)
	case ArchiveTotals:
		return totals.IsFile(file)
	}
	return false
}

// The versions of the archive: without and with optional files; 2 had only what moderation
// keeps. Add one when older code would misread what newer code writes.
const (
	archiveOfBans = 1
	archiveFormat = 3
)

// Bounds of the files, in bytes. That of the store is what the tar format has
// room for; that of the manifest, which names each, is for 100,000 pieces of evidence.
const (
	maxManifest = 32 << 20
	maxKeyFile  = 64 << 10
	maxStore    = 8<<30 - 1
)

// Manifest says what a backup holds.
type Manifest struct {
	Format  int       `json:"format"`  // of the archive
	Version string    `json:"version"` // of the program that made it
	Schema  int       `json:"schema"`  // of the ban store
	Created time.Time `json:"created"`
	Bans    int       `json:"bans"` // active ones

	Files map[string]ArchivedFile `json:"files"` // by name
}

// ArchivedFile is what a file must be like.
type ArchivedFile struct {
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// names returns the files that a manifest says there are, in the order of the archive.
func (m *Manifest) names() []string {
	names := slices.Clone(archived)
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if !slices.Contains(archived, name) {
			names = append(names, name)
		}
	}
	return names
}

// archive is a backup to be written.
type archive struct {
	manifest Manifest
	contents map[string]io.ReadSeeker
}

// add notes size and checksum of a file, and goes back to its start.
func (a *archive) add(name string, content io.ReadSeeker) error {
	sum := sha256.New()
	size, err := io.Copy(sum, content)
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if size > maxStore {
		err = fmt.Errorf("%s has %d bytes and a backup can have %d; export the bans instead", name, size, maxStore)
	}
	a.manifest.Files[name] = ArchivedFile{Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}
	a.contents[name] = content
	return err
}

// writeTo writes the archive.
func (a *archive) writeTo(w io.Writer) error {
	text, err := json.MarshalIndent(a.manifest, "", "  ")
	if err != nil {
		return err
	}
	if len(text) > maxManifest {
		return fmt.Errorf("there are %d files, and a backup can name %d bytes of them; decide cases, which deletes their evidence", len(a.contents), maxManifest)
	}
	out := tar.NewWriter(w)
	write := func(name string, size int64, content io.Reader) error {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: a.manifest.Created, Format: tar.FormatUSTAR,
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.Copy(out, content)
		return err
	}
	if err := write(archiveManifest, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	for _, name := range a.manifest.names() {
		if err := write(name, a.manifest.Files[name].Size, a.contents[name]); err != nil {
			return err
		}
	}
	return out.Close()
}

// Unpack reads a backup to its end and puts its files, with mode 0600 and durably,
// into an empty directory. It refuses whatever a backup does not look like: other
// files, links, sizes or checksums than the manifest says.
func Unpack(r io.Reader, dir string) (Manifest, error) {
	return readArchive(r, func(name string) (io.WriteCloser, error) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			return nil, err
		}
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return syncedFile{file}, err
	})
}

// syncedFile is on disk when it is closed.
type syncedFile struct{ *os.File }

func (f syncedFile) Close() error { return errors.Join(f.Sync(), f.File.Close()) }

// readArchive checks an archive and writes its files to what open returns, by
// names that are known to be good.
func readArchive(r io.Reader, open func(name string) (io.WriteCloser, error)) (m Manifest, err error) {
	in := tar.NewReader(r)
	if m, err = readManifest(in); err != nil {
		return m, fmt.Errorf("%w; this is not a backup, or a damaged one: use another", err)
	}
	if m.Format > archiveFormat {
		return m, fmt.Errorf("the backup was made by joingyd %s in a newer form; restore it with that version", quote(m.Version))
	}
	for _, name := range m.names() {
		if err := readFile(in, name, m.Files[name], open); err != nil {
			return m, fmt.Errorf("%w; the backup is damaged: use another", err)
		}
	}
	switch header, err := in.Next(); {
	case err == nil:
		return m, fmt.Errorf("it has a further file %s, which no backup has; use another", quote(header.Name))
	case err != io.EOF:
		return m, fmt.Errorf("behind its files: %w; the backup is damaged: use another", err)
	}
	return m, nil
}

func readManifest(in *tar.Reader) (m Manifest, err error) {
	size, err := nextFile(in, archiveManifest, maxManifest)
	if err != nil {
		return m, err
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(in, text); err != nil {
		return m, fmt.Errorf("%s: %w", archiveManifest, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", archiveManifest, err)
	}
	if m.Format < 1 {
		return m, fmt.Errorf("%s: the format is %d", archiveManifest, m.Format)
	}
	for _, name := range m.names()[len(archived):] {
		if m.Format <= archiveFormat && (m.Format == archiveOfBans || !optional(name)) {
			return m, fmt.Errorf("%s: there is a further file %s, which no backup has", archiveManifest, quote(name))
		}
	}
	return m, nil
}

// nextFile goes to the next file, which must be a plain one of this name.
func nextFile(in *tar.Reader, name string, most int64) (size int64, err error) {
	header, err := in.Next()
	switch {
	case err == io.EOF:
		return 0, fmt.Errorf("%s is missing", name)
	case err != nil:
		return 0, fmt.Errorf("%s: %w", name, err)
	case header.Name != name:
		return 0, fmt.Errorf("%s comes where %s should", quote(header.Name), name)
	case header.Typeflag != tar.TypeReg || len(header.PAXRecords) > 0:
		return 0, fmt.Errorf("%s is not a plain file", name) // a link, or one with holes
	case header.Size > most:
		return 0, fmt.Errorf("%s has %d bytes, and at most %d make sense", name, header.Size, most)
	}
	return header.Size, nil
}

func readFile(in *tar.Reader, name string, want ArchivedFile, open func(string) (io.WriteCloser, error)) error {
	most := int64(maxStore)
	if name == ArchiveKeys || slices.Contains(archivedKeys, name) {
		most = maxKeyFile
	}
	size, err := nextFile(in, name, most)
	if err != nil {
		return err
	}
	if size != want.Size {
		return fmt.Errorf("%s has %d bytes and should have %d", name, size, want.Size)
	}
	out, err := open(name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), in)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
		return fmt.Errorf("%s has another checksum than it should", name)
	}
	return nil
}
