package admin

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// BackupRequest asks for a backup. By is as in BanRequest.
type BackupRequest struct {
	By string
}

// AddFile takes a file of a backup, by its name there.
type AddFile func(name string, write func(io.Writer) error) error

// Backup writes a backup of the ban store with its keys, and of what Options.Kept hands
// out. Each file is as it is at one moment, whatever changes meanwhile; the bans are of
// the latest. Whoever has it can test which addresses are banned. That it was made is
// written down first.
func (s *Service) Backup(ctx context.Context, req BackupRequest, w io.Writer) (Manifest, error) {
	if err := s.record(req.By, "backup", "", nil); err != nil {
		return Manifest{}, err
	}
	spooled, err := s.spool()
	if err != nil {
		return Manifest{}, &Error{CodeInternal, "nothing was saved: " + err.Error() + "; make room in the data directory"}
	}
	defer spooled.close()
	bans := s.bans.Len()
	store, keys, err := s.bans.Copy()
	if err != nil {
		return Manifest{}, &Error{CodeInternal, "the ban store cannot be copied: " + err.Error() + "; make room in the data directory"}
	}
	defer store.Close()
	a := archive{contents: map[string]io.ReadSeeker{}, manifest: Manifest{
		Format: archiveOfBans, Version: s.opts.Version, Schema: ban.Schema, Bans: bans,
		Created: s.opts.Now().UTC().Truncate(time.Second), Files: map[string]ArchivedFile{},
	}}
	contents := map[string]io.ReadSeeker{ArchiveStore: store, ArchiveKeys: strings.NewReader(keyFile(keys))}
	if len(spooled.files) > 0 {
		a.manifest.Format = archiveFormat
		maps.Copy(contents, spooled.files)
	}
	for name, content := range contents {
		if err := a.add(name, content); err != nil {
			return a.manifest, &Error{CodeInternal, err.Error()}
		}
	}
	if err := a.writeTo(w); err != nil {
		return a.manifest, &Error{CodeInternal, "the backup ends too soon: " + err.Error()}
	}
	s.opts.Log.InfoContext(ctx, "backup made", "bans", bans, "bytes", a.manifest.Bytes(), "by", cmp.Or(req.By, ownName()))
	return a.manifest, nil
}

// Bytes is how many the files have together.
func (m *Manifest) Bytes() (n int64) {
	for _, file := range m.Files {
		n += file.Size
	}
	return n
}

// Count is how many files there are in a directory of the backup.
func (m *Manifest) Count(dir string) (n int) {
	for name := range m.Files {
		if strings.HasPrefix(name, dir+"/") {
			n++
		}
	}
	return n
}

// spool is copies of files, one behind the other in a file without a name, which is gone
// with the process.
type spool struct {
	file  *os.File
	files map[string]io.ReadSeeker
}

// spool copies what Options.Kept hands out.
func (s *Service) spool() (*spool, error) {
	out := &spool{files: map[string]io.ReadSeeker{}}
	if s.opts.Kept == nil {
		return out, nil
	}
	var err error
	if out.file, err = s.bans.Spool(); err != nil {
		return nil, err
	}
	at := int64(0)
	err = s.opts.Kept(func(name string, write func(io.Writer) error) error {
		if !optional(name) {
			return fmt.Errorf("%s is no file of a backup", quote(name))
		}
		if err := write(out.file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		end, err := out.file.Seek(0, io.SeekCurrent)
		out.files[name] = io.NewSectionReader(out.file, at, end-at)
		at = end
		return err
	})
	if err != nil {
		out.close()
		return nil, err
	}
	return out, nil
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// keyFile is the keys as the data directory has them.
func keyFile(keys ban.Keys) string {
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(hex.EncodeToString(key[:]) + "\n")
	}
	return text.String()
}

// CheckStore reads all of the ban store in a copy, and says what is wrong.
func (s *Service) CheckStore(context.Context) (ban.Report, error) {
	r, err := s.bans.Verify()
	if err != nil {
		return r, &Error{CodeInternal, err.Error()}
	}
	return r, nil
}
