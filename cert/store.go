package cert

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/caddyserver/certmagic"
)

var errDamaged = errors.New("damaged")

// load has what is stored for the domain served. Its error is fs.ErrNotExist where
// something is missing, errDamaged where it makes no certificate, and else that of
// the file system.
func (a *ACMESource) load(ctx context.Context, domain string) (certmagic.Certificate, error) {
	text, err := a.config.Storage.Load(ctx, certmagic.StorageKeys.SiteCert(a.issuer.IssuerKey(), domain))
	if err != nil {
		return certmagic.Certificate{}, err
	}
	if err := wholePEM(text); err != nil {
		return certmagic.Certificate{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	cached, err := a.config.CacheManagedCertificate(ctx, domain)
	if pathErr := (*fs.PathError)(nil); err != nil && !errors.As(err, &pathErr) {
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return cached, err
}

// setAside makes room where what is stored for the domain is damaged, and keeps it
// for whoever wants to look.
func (a *ACMESource) setAside(domain string, problem error) error {
	stored := filepath.Join(a.dir, certmagic.StorageKeys.CertsSitePrefix(a.issuer.IssuerKey(), domain))
	damaged := fmt.Sprintf("%s.damaged-%d", stored, time.Now().UnixNano())
	a.log.Error("the stored certificate is damaged, another is obtained", "domain", domain, "problem", problem, "moved_to", damaged)
	if err := os.Rename(stored, damaged); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
