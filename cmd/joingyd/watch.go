package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/moderate/audit"
	"github.com/joingyd/joingyd/moderate/classify"
	"github.com/joingyd/joingyd/moderate/pdq"
	"github.com/joingyd/joingyd/moderate/watch"
)

// knownImagesFile lists known images, in the data directory.
const knownImagesFile = "known-images.txt"

// openWatch makes what looks at stills, if there is something to look with: a classifier
// or a list of known images, or else visitors' own browsers.
func (d *daemon) openWatch() error {
	settings := d.cfg.Moderation
	rules, err := watch.ParseRules(settings.Rules)
	if err != nil {
		return fmt.Errorf("moderation.rules: %w", err)
	}
	d.stillLabels = watch.Labels(rules)
	if d.images, err = pdq.Keep(filepath.Join(d.cfg.DataDir, knownImagesFile)); err != nil {
		return err
	}
	if !d.hasVisitors() {
		return nil
	}
	options := watch.Options{Known: d.images, Rules: rules, Hide: d.hide, Found: d.found, Log: d.log}
	if settings.Classifier != "" {
		token, err := tokenFrom("moderation.classifier_token_file", settings.ClassifierTokenFile)
		if err != nil {
			return err
		}
		client, err := classify.New(classify.Options{URL: settings.Classifier, Token: classify.Token(token)})
		if err != nil {
			return fmt.Errorf("moderation.classifier: %w", err)
		}
		d.closers = append(d.closers, func() error { client.Close(); return nil })
		d.classifier, options.Classifier = client, client
	}
	if settings.SnapshotShare == 0 {
		return nil
	}
	looking := "+stills"
	if options.Classifier == nil && d.images.Len() == 0 {
		if err := d.openLocal(rules); err != nil || d.local == nil {
			return err
		}
		looking = "+local-stills"
	}
	d.watch = watch.New(options)
	d.closers = append(d.closers, func() error { d.tallyStills(); return nil }) // before the cases close
	// What the pages say is another thing now, so everybody is asked for consent again.
	d.site.Stills = true
	d.alsoAgreed(looking)
	return nil
}

// snapshots is how the matchmaker asks for stills, if somebody looks at them.
func (d *daemon) snapshots() match.Snapshots {
	if d.watch == nil {
		return match.Snapshots{Elsewhere: d.elsewhere()}
	}
	return match.Snapshots{
		Elsewhere: d.elsewhere(),
		Share:     float64(d.cfg.Moderation.SnapshotShare) / 100, Every: d.cfg.Moderation.SnapshotEvery, Local: d.local,
		Take: func(s match.Still) bool {
			still := watch.Still{
				Pair: s.Pair.String(), Subject: s.Subject.String(), Viewer: s.Viewer.String(), Self: s.Self, Moment: s.Moment, At: s.At, JPEG: s.JPEG,
			}
			if s.Claim != nil {
				still.Claim = &watch.Claim{Model: d.site.Classifier.Model, Labels: s.Claim}
			}
			for _, addr := range s.Subjects {
				if pseudonym := d.pseudonym(addr); !slices.Contains(still.Suspects, pseudonym) {
					still.Suspects = append(still.Suspects, pseudonym)
				}
			}
			if len(s.Viewers) > 0 {
				still.Seer = d.pseudonym(s.Viewers[0])
			}
			return d.watch.Take(still)
		},
	}
}

// hide does what a rule wants done at once.
func (d *daemon) hide(f watch.Finding) {
	pair, err := ident.ParsePair(f.Pair)
	subject, failed := ident.ParseSession(f.Subject)
	if err = errors.Join(err, failed); err != nil {
		return // our own names: cannot happen
	}
	for _, do := range f.Do {
		switch do {
		case watch.Blur:
			d.hub.Blur(pair, subject, f.Label)
		case watch.Warn:
			d.hub.Warn(subject, f.Label)
		case watch.End:
			d.hub.EndChat(pair, subject)
		}
	}
}

// found has a person judge what was found, and bans for a time where a rule wants that and
// it is not one browser's word alone: two partners saw something, or the subject's own
// still agrees.
func (d *daemon) found(f watch.Finding) {
	queue, ban := false, false
	did := make([]string, 0, len(f.Do))
	for _, do := range f.Do {
		queue, ban = queue || do == watch.Queue || do == watch.Ban, ban || do == watch.Ban
		if do != watch.Queue && do != watch.Ban {
			did = append(did, string(do))
		}
	}
	if !queue {
		return
	}
	flagging := moderate.Flagging{
		Flag: moderate.Flag{
			Label: f.Label, Score: f.Score, Model: f.Model, Claimed: f.Claimed, Rule: f.Rule, Viewer: f.Seer, Support: string(f.Support), Distance: f.Distance, Did: did,
		},
		Session: f.Subject, Suspects: f.Suspects,
		Parts: []moderate.Part{{Name: "still", Type: "image/jpeg", At: f.At, Data: f.JPEG}},
	}
	caseID, viewers, err := d.cases.Flag(flagging)
	if err != nil {
		d.log.Error("what was found in a still could not be kept", "error", err)
		return
	}
	d.holdFiled(caseID)
	d.log.Info("still flagged", "case", caseID, "label", f.Label, "support", f.Support)
	if ban && (viewers >= 2 || f.Support == watch.Supported) {
		d.banForStill(caseID, f)
	}
}

// banForStill bans whom a case is about for the next of bans.steps.
func (d *daemon) banForStill(caseID string, f watch.Finding) {
	rule := audit.Rule("still")
	if _, err := d.audit.Append(audit.Record{By: rule, Did: "ban", On: caseID, Details: map[string]string{"label": f.Label, "support": string(f.Support)}}); err != nil {
		d.log.Error("nobody was banned, because it could not be written down", "case", caseID, "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := d.service.Ban(ctx, admin.BanRequest{Report: caseID, Reason: "A program saw something that is not allowed here.", By: string(rule)}); err != nil {
		d.log.Error("whom a case is about could not be banned", "case", caseID)
	}
}
