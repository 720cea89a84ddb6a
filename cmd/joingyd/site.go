package main

import (
	"fmt"

	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/web"
)

// siteOptions are the site's settings as package web wants them. What can still be
// wrong are the logo's file and the accent's contrast.
func siteOptions(c config.Site) (o web.Options, err error) {
	o = web.Options{
		SiteName:   c.Name,
		Policy:     c.Policy,
		Contact:    c.Contact,
		Abuse:      c.AbuseEmail(),
		Banner:     c.Banner,
		Processors: c.Processors,
	}
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
