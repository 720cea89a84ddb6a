package admin

import (
	"cmp"
	"context"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"github.com/joingyd/joingyd/ban"
)

// BackupRequest asks for a backup. By is as in BanRequest.
type BackupRequest struct {
	By string
}

// Backup writes a backup of the ban store with its keys, consistent whatever
// changes meanwhile. Whoever has it can test which addresses are banned.
func (s *Service) Backup(_ context.Context, req BackupRequest, w io.Writer) (Manifest, error) {
	bans := s.bans.Len()
	store, keys, err := s.bans.Copy()
	if err != nil {
		return Manifest{}, &Error{CodeInternal, "the ban store cannot be copied: " + err.Error() + "; make room in the data directory"}
	}
	defer store.Close()
	a := archive{contents: map[string]io.ReadSeeker{}, manifest: Manifest{
		Format: archiveFormat, Version: s.opts.Version, Schema: ban.Schema, Bans: bans,
		Created: s.opts.Now().UTC().Truncate(time.Second), Files: map[string]ArchivedFile{},
	}}
	for name, content := range map[string]io.ReadSeeker{ArchiveStore: store, ArchiveKeys: strings.NewReader(keyFile(keys))} {
		if err := a.add(name, content); err != nil {
			return a.manifest, &Error{CodeInternal, err.Error()}
		}
	}
	if err := a.writeTo(w); err != nil {
		return a.manifest, &Error{CodeInternal, "the backup ends too soon: " + err.Error()}
	}
	s.opts.Log.Info("backup made", "bans", bans, "bytes", a.manifest.Files[ArchiveStore].Size, "by", cmp.Or(req.By, ownName()))
	return a.manifest, nil
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
