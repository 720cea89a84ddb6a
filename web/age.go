package web

import (
	"html/template"
	"net/http"
	"slices"
)

const (
	agePath    = "/age"     // where the checker sends visitors back
	redeemPath = "/api/age" // where their browsers post what they come back with
)

// Age is how visitors are asked for proof of their age.
type Age struct {
	Text    bool         // for text chats too, not for video chats alone
	Checker string       // host name of who checks
	Redeem  http.Handler // takes POST /api/age
}

// takeRedemptions has the Redeem of Age answer what is its own, of any method, and next
// the rest.
func (o Options) takeRedemptions(next http.Handler) http.Handler {
	if o.Age == nil || o.Age.Redeem == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != redeemPath {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", answerPolicy)
		w.Header().Set("Cache-Control", "no-store")
		o.Age.Redeem.ServeHTTP(w, r)
	})
}

// ages returns what pages say of the visitors' age: in short, and what becomes of a
// proof.
func (o Options) ages(l *tongue) (short, proof template.HTML, err error) {
	if o.Age == nil {
		if short, err = l.mix("age.nobody"); err == nil {
			proof, err = l.mix("proof.none")
		}
		return short, proof, err
	}
	key := "age.video"
	if o.Age.Text {
		key = "age.all"
	}
	if short, err = l.mix(key, "checker", o.Age.Checker); err == nil {
		proof, err = l.mix("proof.pass", "checker", o.Age.Checker)
	}
	return short, proof, err
}

// processors are those that the operator named, and who checks visitors' age.
func (o Options) processors(l *tongue) ([]string, error) {
	if o.Age == nil {
		return o.Processors, nil
	}
	does, err := l.text("proof.checker")
	return append(slices.Clone(o.Processors), o.Age.Checker+": "+does), err
}
