package main

import (
	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate/watch"
	"github.com/joingyd/joingyd/web"
)

// openLocal has visitors' own browsers look at stills, if the binary has what they need
// for it and a rule is about what it tells apart.
func (d *daemon) openLocal(rules []watch.Rule) error {
	if !d.cfg.Moderation.BrowserClassifier {
		return nil
	}
	classifier, err := web.EmbeddedClassifier()
	if err != nil || classifier == nil {
		return err
	}
	veil, post := watch.Claimable(rules, classifier.Labels)
	if len(veil)+len(post) == 0 {
		return nil
	}
	d.local = &match.Local{Labels: classifier.Labels, Veil: veil, Post: post}
	d.site.Classifier = classifier
	return nil
}
