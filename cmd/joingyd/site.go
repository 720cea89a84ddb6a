package main

import (
	"cmp"
	"fmt"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/web"
)

// siteOptions are the site's settings as package web wants them. What can still be
// wrong are the files with pages and with the logo, and the accent's contrast.
func siteOptions(c config.Site) (o web.Options, err error) {
	o = web.Options{
		SiteName:   c.Name,
		Contact:    c.Contact,
		Abuse:      c.AbuseEmail(),
		Banner:     c.Banner,
		Processors: c.Processors,
	}
	if o.Texts, err = web.LoadTexts(c.PagesDir); err != nil {
		return o, fmt.Errorf("site.pages_dir: %w", err)
	}
	o.Policy = cmp.Or(c.Policy, o.Texts.Policy())
	if c.Logo != "" {
		if o.Logo, err = web.LoadLogo(c.Logo); err != nil {
			return o, fmt.Errorf("site.logo: %w", err)
		}
	}
	if c.Accent != "" {
		if o.Accent, err = web.ParseAccent(c.Accent); err != nil {
			return o, fmt.Errorf("site.accent: %w", err)
		}
	}
	return o, nil
}

// alsoAgreed has visitors asked for consent anew, where a part of the daemon makes what
// the pages say another thing.
func (d *daemon) alsoAgreed(part string) {
	d.agreed += part
	d.site.Policy += part
	d.cfg.Site.Policy = d.site.Policy
}
