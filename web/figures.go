package web

import (
	"bytes"
	"html/template"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"
)

// Figures are monthly figures about one subject: a table of /transparency.
type Figures struct {
	Name    string // figures.NAME is its caption, in languages/*.json
	Columns []Column
	Months  []Month // the newest first
}

// Column is what is counted in one column.
type Column struct {
	Key  string // of the words for it, in languages/*.json
	Name string // stands as it is, where there are no such words
	Rate bool   // its values are no counts, and shown as they are
}

// Month is a row.
type Month struct {
	Start   time.Time // its first day
	Running bool      // it is not over
	Values  []int     // one for each column; negative: there is none
}

// Few is the count from which counts are shown. Those from 1 to what is below it are "under
// 5", so that no figure points at somebody: the usual disclosure control of statistics.
const Few = 5

// renewal is how long figures are shown before they are asked for again.
const renewal = time.Minute

// table is Figures in the words of a language.
type table struct {
	Name    string
	Columns []template.HTML
	Rows    []row
}

type row struct {
	Month string        // 2026-11
	Label template.HTML // November 2026
	Cells []template.HTML
}

// figuresIn returns what {{figures}} stands for.
func (r *rendering) figuresIn(data pageData, nobody string) (template.HTML, error) {
	if r.options.Figures == nil {
		text, err := data.Lang.mix("figures.kept", "contact", contact(r.options.Contact, nobody))
		return element("p", text), err
	}
	tables := make([]table, len(r.figures))
	for i, f := range r.figures {
		var err error
		if tables[i], err = data.Lang.table(f); err != nil {
			return "", err
		}
	}
	var b bytes.Buffer
	err := r.block.ExecuteTemplate(&b, "figures", struct {
		pageData
		Few    int
		Tables []table
	}{data, Few, tables})
	return template.HTML(b.String()), err
}

func (l *tongue) table(f Figures) (t table, err error) {
	t.Name = f.Name
	for _, c := range f.Columns {
		words := element("bdi", c.Name)
		if known, ok := l.Page[c.Key]; ok {
			words = escaped(known)
		}
		t.Columns = append(t.Columns, words)
	}
	for _, m := range f.Months {
		month, err := l.text("date.month." + strconv.Itoa(int(m.Start.Month())))
		if err != nil {
			return t, err
		}
		one := row{Month: m.Start.Format("2006-01")}
		if one.Label, err = l.mix("date.month", "month", month, "year", m.Start.Year()); err != nil {
			return t, err
		}
		if m.Running {
			if one.Label, err = l.mix("figures.running", "month", one.Label); err != nil {
				return t, err
			}
		}
		for i, value := range m.Values {
			cell, err := l.cell(value, f.Columns[i].Rate)
			if err != nil {
				return t, err
			}
			one.Cells = append(one.Cells, cell)
		}
		t.Rows = append(t.Rows, one)
	}
	return t, nil
}

// cell is a value as visitors see it.
func (l *tongue) cell(value int, rate bool) (template.HTML, error) {
	switch {
	case value < 0:
		return "–", nil
	case !rate && value > 0 && value < Few:
		return l.mix("figures.few", "few", Few)
	}
	return escaped(value), nil
}

// livePage is a page with figures. It is made anew when they have changed, and they are
// asked for once a minute at most, and only if somebody looks.
type livePage struct {
	figures func() ([]Figures, error)
	render  func([]Figures) (page, error)
	log     *slog.Logger

	mu    sync.Mutex // guards what follows
	asked time.Time
	shown []Figures
	page  page
}

// ServeHTTP implements http.Handler.
func (l *livePage) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.current().ServeHTTP(w, r) }

// current returns the page. Where it cannot be made anew, that is logged, and it stays as
// it was.
func (l *livePage) current() page {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.asked) >= renewal {
		l.asked = now
		if err := l.renewLocked(); err != nil {
			l.log.Error("the published figures could not be renewed", "error", err)
		}
	}
	return l.page
}

func (l *livePage) renewLocked() error {
	figures, err := l.figures()
	if err != nil || l.page.chooser != nil && reflect.DeepEqual(figures, l.shown) {
		return err
	}
	made, err := l.render(figures)
	if err != nil {
		return err
	}
	l.page, l.shown = made, figures
	return nil
}
